"""What makes the documentation is no part of the package: it is found in the checkout.

Behind everything else, so that where the package is installed the installed one is tested.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

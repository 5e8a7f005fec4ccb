"""`completion bash|zsh|fish`: scripts for the user's own shell, and `complete`, which they call.

`complete -- WORD... TYPED` prints what TYPED may become behind the words, a line each, with what
it is behind a tab. It is quick, and without a daemon it is silent.
"""

import os
from collections.abc import Callable, Sequence
from typing import Final

from ctl import quick
from ctl.address import is_remote
from ctl.candidates import Candidate, Candidates
from ctl.connection import Connection, NoDaemon
from ctl.context import EXIT_DONE, Context, Unusable

_WITH_VALUE: Final = ("-s", "--socket", "--token-file", "--ca")
_OPTIONS: Final = (
    Candidate("--socket", "the control socket, or where the daemon is elsewhere"),
    Candidate("--json", "one JSON document from every command that prints data"),
    Candidate("--token-file", "what tls:// and tcp:// ask for"),
    Candidate("--ca", "who vouches for a certificate of tls://"),
    Candidate("--version"),
    Candidate("--help"),
)

_BASH: Final = r"""# taskmasterctl in bash: source <(taskmasterctl completion bash)
_taskmasterctl() {
    local words last line
    read -ra words <<< "${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    mapfile -t COMPREPLY < <("$1" complete -- "${words[@]:1}" 2>/dev/null | cut -f 1)
    # Names hold colons, and bash breaks words at them.
    last=${words[${#words[@]}-1]}
    if [[ $last == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${last%"${last##*:}"}"}")
    fi
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
    return 0
}
complete -o nosort -F _taskmasterctl taskmasterctl
"""

_ZSH: Final = r"""#compdef taskmasterctl
# taskmasterctl in zsh: source <(taskmasterctl completion zsh), or a file _taskmasterctl in $fpath
_taskmasterctl() {
    local -a texts shown
    local text meaning
    while IFS=$'\t' read -r text meaning; do
        texts+=("$text")
        shown+=("$text${meaning:+  -- $meaning}")
    done < <("${words[1]}" complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( $#texts )) && compadd -l -d shown -a texts
}
if [[ ${funcstack[1]} == _taskmasterctl ]]; then
    _taskmasterctl "$@"
else
    compdef _taskmasterctl taskmasterctl
fi
"""

_FISH: Final = r"""# taskmasterctl in fish: taskmasterctl completion fish | source
function __taskmasterctl_complete
    set -l words (commandline -opc)
    set -l command $words[1]
    set -e words[1]
    $command complete -- $words (commandline -ct) 2>/dev/null
end
complete -c taskmasterctl -f -a '(__taskmasterctl_complete)'
"""

SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion(context: Context, words: Sequence[str]) -> int:
    """Print the script of a shell."""
    if len(words) != 1 or words[0] not in SCRIPTS:
        raise Unusable(f"it needs the name of a shell: {', '.join(SCRIPTS)}")
    print(SCRIPTS[words[0]], end="")
    return EXIT_DONE


def complete(context: Context, words: Sequence[str]) -> int:
    """Print what the last word may become."""
    before = list(words[1:] if words[:1] == ["--"] else words)
    typed = before.pop() if before else ""
    named, connect = "", context.connect
    while before and before[0].startswith("-"):
        option, equals, value = before.pop(0).partition("=")
        if option in _WITH_VALUE and not equals:
            if not before:
                return EXIT_DONE  # the value itself is typed, and is the shell's affair
            value = before.pop(0)
        named = value if option in ("-s", "--socket") else named
    if named:
        connect = _connector(named)
    candidates = Candidates(lambda: quick.processes(connect), lambda: quick.groups(connect))
    offered = candidates.of(before, typed)
    if not before and typed.startswith("-"):
        offered = _OPTIONS
    for candidate in offered:
        if candidate.text.startswith(typed) and candidate.text.isprintable():
            meaning = f"\t{candidate.meaning}" if candidate.meaning else ""
            print(candidate.text + meaning)
    return EXIT_DONE


def _connector(named: str) -> Callable[[], Connection]:
    def connect() -> Connection:
        if is_remote(named):
            raise NoDaemon("it is too far away to be asked at a key")
        return Connection(os.path.abspath(os.path.expanduser(named)))

    return connect

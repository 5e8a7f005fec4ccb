/* Write lines of 100 bytes to standard output as fast as it takes them.
 *
 * writer BYTES: stop after that many bytes, which must be a multiple of 100; 0: never.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 100, BLOCK_BYTES = 4096 };

int main(int argc, char **argv)
{
    char line[LINE_BYTES];
    long long left;

    if (argc != 2)
        return 2;
    left = atoll(argv[1]) / LINE_BYTES;
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    /* On a terminal stdio would write line by line; a program in a hurry writes blocks. */
    setvbuf(stdout, NULL, _IOFBF, BLOCK_BYTES);
    do {
        if (fwrite(line, sizeof line, 1, stdout) != 1)
            return 1;
    } while (--left != 0);
    return fflush(stdout) == 0 ? 0 : 1;
}

/* The least that logging a program on a terminal can cost: read the terminal, write the file.
 *
 * loop FILE COMMAND [ARGUMENT...]: print the seconds from before the fork until the last byte is
 * written, and the CPU seconds (user and system) of this process alone, without the command's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char buffer[64 * 1024];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void become_command(const char *terminal, char **words)
{
    int slave;

    setsid();
    slave = open(terminal, O_RDWR);
    if (slave < 0)
        fail(terminal);
    ioctl(slave, TIOCSCTTY, 0);
    dup2(slave, 0);
    dup2(slave, 1);
    dup2(slave, 2);
    if (slave > 2)
        close(slave);
    execv(words[0], words);
    fail(words[0]);
}

static void write_all(int file, ssize_t length)
{
    ssize_t written, done;

    for (done = 0; done < length; done += written) {
        written = write(file, buffer + done, (size_t)(length - done));
        if (written < 0)
            fail("write");
    }
}

int main(int argc, char **argv)
{
    int master, file, status;
    double began;
    ssize_t length;
    pid_t pid;

    if (argc < 3)
        return 2;
    file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        fail(argv[1]);
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
        fail("posix_openpt");
    began = monotonic();
    pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0)
        become_command(ptsname(master), argv + 2);
    /* EIO: nobody holds the other side any more, and everything has been read. */
    for (;;) {
        length = read(master, buffer, sizeof buffer);
        if (length <= 0)
            break;
        write_all(file, length);
    }
    if (length < 0 && errno != EIO)
        fail("read");
    printf("%.6f %.6f\n", monotonic() - began, cpu_seconds());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

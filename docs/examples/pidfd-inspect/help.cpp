// SPDX-License-Identifier: MIT
#include "arguments.hpp"

const char help[] = R"text(Usage: pidfd-inspect [OPTION...] PROCESS...
       pidfd-inspect [--json] --features
       pidfd-inspect --list-fields | --help | --version

Shows information about processes through pidfds, with the path of each answer:
  syscall, ioctl  a system call, or an ioctl on the pidfd
  inode           the pidfd's inode number
  fdinfo, procfs  files in /proc, if this kernel has no better path
If there is no answer, the reason is shown instead.

A PROCESS is one of
  PID         the process that has this pid now
  INODE@BOOT  the process with this "process id", and never another one
              (Linux 6.14)
  PID:INODE   the process with this pid and this "id", as util-linux writes
              them; not to be kept beyond a boot (Linux 6.9)
  PID:START:NAMESPACE@BOOT
              the process with this "stamp"

      --field NAME[,NAME...]
                      show only the values of these fields: one line for each
                      process, with a tab between two values, "-" where there is
                      no answer, and "(none)" where the process has none
      --list-fields   list the names that --field takes
      --json          write one JSON object on one line for each process
      --watch[=TIME]  show the processes again every TIME (1 s, or a number with
                      ms, s, m, h or d), and when they end, until all have ended
      --color[=WHEN]  colour the table: always, never, or auto, the default:
                      on a terminal, as NO_COLOR, CLICOLOR_FORCE and CLICOLOR
                      say
      --features      show which features this kernel and sandbox have, and
                      which path answers each operation
  -h, --help          show this text
  -V, --version       show the version

Names, arguments and paths are quoted for the shell: in '...', or in $'...' if
they contain control characters or bytes that are not UTF-8. Empty arguments at
the end of the command line are omitted.

For the JSON, see pidfd-inspect(1).

Exit status (with several processes, the highest):
  0  everything that this kernel supports was shown
  1  the output could not be written, or the system ran out of a resource
  2  a bad argument
  3  no such process, or an id of another boot or machine
  4  permission was denied by /proc, the kernel or a sandbox; standard output
     contains everything that was not denied
  5  this kernel or sandbox does not support pidfds, or cannot open an id
With --field, a field without an answer leads to 3 if the process has ended, to
4 if it was denied, to 5 if it is not supported, and otherwise to 1.
)text";

// SPDX-License-Identifier: MIT
#include "help.hpp"

const char help[] = R"(Usage: pidfd-run [OPTION]... [--] COMMAND [ARGUMENT]...

Runs the command, passes signals on to it, and ends as the command does. Uses a
pidfd throughout, so it never signals another process.

The time limit:
  -t, --timeout TIME     stop the command and its descendants if it runs for
                         longer; 0: no limit
  -s, --signal SIGNAL    stop with this signal instead of TERM
  -k, --kill-after TIME  send KILL after this time instead of 5s; 0: never
      --stop POLICY      send these signals: SIGNAL[,TIME],SIGNAL[,TIME]...
                         Waits for the TIME after each signal, and without a
                         limit after the last one. Default: TERM,CONT,5s,KILL
  -f, --foreground       stop only the command, not its descendants
  -p, --preserve-status  exit with the status of the command at the limit, too
  -v, --verbose          print a message for each signal of the stop policy

The start of the command:
      --user USER        run as this user, with its groups
      --group GROUP      run with this group
      --groups LIST      run with these supplementary groups; '': none
      --directory DIR    run in this directory
      --env NAME=VALUE   set a variable in the environment
      --unset-env NAME   remove a variable from the environment
      --clear-env        start with an empty environment
      --limit RES=SOFT:HARD  set a resource limit, such as nofile=1024:4096
      --nice N           set the nice value
      --cpus LIST        run only on these CPUs, such as 0,2-5
      --umask MASK       set the file mode creation mask
      --no-new-privs     let no program gain rights, for example by set-user-ID
      --die-with-parent  let the kernel kill the command if pidfd-run is killed
      --namespaces LIST  run in new namespaces: cgroup, ipc, mnt, net, pid,
                         user, uts
      --enter PROCESS[,NAMESPACE...]  run in the namespaces of this process
      --cgroup DIR       run in this directory of a cgroup2 hierarchy
      --new-cgroup       run in a new cgroup, which is removed at the end

Other options:
      --init             reap orphans; after the command, end what it has left
                         behind. This is the default for pid 1
      --report[=FORM]    report how the command ended, and the time and memory
                         that it used, as text (the default) or json
      --report-file FILE  write the report to this file, not to standard error
  -h, --help             show this text
  -V, --version          show the version

A PROCESS is a pid or an id, in one of the forms that pidfd-inspect takes.
A TIME is a number with the unit ms, s, m, h or d. The default unit is seconds.
A SIGNAL is a name or a number. A number after a SIGNAL is read as a TIME.

Exit status:
  the exit status of the command. If a signal killed the command, pidfd-run dies
  of the same signal; as pid 1, it exits with 128 plus the signal
  124  the command reached the time limit, however it then ended
  125  pidfd-run itself failed
  126  the command exists but cannot be executed
  127  the command was not found
)";

# SPDX-License-Identifier: Apache-2.0
#
# fish completion for usr-ct: asks `usr-ct __complete`, which knows all commands.

function __usr_ct_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program __complete fish $words "$current" 2>/dev/null)
        if string match -qr '^:(file|dir) ' -- $line
            set -l prefix (string replace -r '^:\w+ ' '' -- $line)
            set -l typed (string sub -s (math (string length -- "$prefix") + 1) -- "$current")
            set -l names
            if string match -q ':dir *' -- $line
                set names (__fish_complete_directories "$typed")
            else
                set names (__fish_complete_path "$typed")
            end
            for name in $names
                printf "%s\n" $prefix$name
            end
        else
            printf "%s\n" $line
        end
    end
end

# -k keeps the order: running containers first, or stopped ones, as the command needs.
complete -c usr-ct -f -k -a '(__usr_ct_complete)'

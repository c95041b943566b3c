/* SPDX-License-Identifier: Apache-2.0 */
/* err-codes - every stable error code: UCT(number, NAME, kind, title, explanation, first hint)
 *
 * No include guard: this is a table that is included where it is needed. A number is never used
 * again for something else. docs/errors.md is made from it (a lint test compares). Hundreds:
 * 10 general, 11 command line, 12 images and registries, 13 store, 14 containers, 15 launcher and
 * kernel, 16 network, 17 ids and user namespaces, 18 cgroups.
 */
/* clang-format off */
UCT(1001, SYSTEM, ERR_SYSTEM, "a system call failed",
    "The kernel or a library refused an operation that has no error code of its own. The message "
    "names the object and the kernel's reason.", "")
UCT(1002, NO_MEMORY, ERR_SYSTEM, "out of memory",
    "An allocation failed. Nothing was changed.", "free some memory or raise the limit (ulimit -v)")
UCT(1003, INTERNAL, ERR_SYSTEM, "two parts of usr-ct disagree",
    "A message between usr-ct's own processes was malformed or out of order, or a helper program "
    "is of another version. Reinstalling makes them agree again.",
    "reinstall usr-ct; if it happens again, please report it")
UCT(1004, HELPER_MISSING, ERR_UNSUPPORTED, "a helper program is missing",
    "usr-ct runs small helper programs from its libexec directory, and a few well-known tools "
    "from the system. The one named in the message was not found.",
    "reinstall usr-ct, or install the package that doctor names")
UCT(1005, NO_SPACE, ERR_SYSTEM, "the disk is full",
    "The file system that holds the store has no space, no inodes or no quota left. What was "
    "half-written is removed by the next command.",
    "free some space, or move the store with XDG_DATA_HOME")
UCT(1006, NO_RUNTIME_DIR, ERR_SYSTEM, "no usable runtime directory",
    "usr-ct keeps its sockets in $XDG_RUNTIME_DIR/usr-ct. Without that variable it uses "
    "/run/user/UID or a 0700 directory below /tmp. None of them is a directory of yours.",
    "set XDG_RUNTIME_DIR to a directory that only you can read")
UCT(1007, NO_SYSCALL, ERR_UNSUPPORTED, "this kernel does not know a system call",
    "usr-ct needs Linux 5.12 or newer. A newer kernel says the same where a system call filter "
    "hides calls that its author did not know, as inside a container of an older runtime.",
    "usr-ct needs Linux 5.12, and no system call filter that hides its calls")

UCT(1101, USAGE, ERR_USAGE, "the command line is not right",
    "A flag, an argument or a combination of them is unknown or out of place.",
    "see usr-ct COMMAND --help")
UCT(1102, BAD_VALUE, ERR_USAGE, "a value cannot be understood",
    "A flag's value has the wrong form: not a number, out of range, an unknown word.",
    "see usr-ct COMMAND --help")
UCT(1103, BAD_MOUNT, ERR_USAGE, "a volume or mount specification is wrong",
    "-v takes SOURCE:TARGET[:OPTIONS], where SOURCE is a path (relative ones start with ./ or "
    "../) and TARGET an absolute path in the container.",
    "write it as -v ./dir:/target[:ro]")
UCT(1104, MOUNT_SOURCE, ERR_NOT_FOUND, "the source of a bind mount does not exist",
    "A directory or file that is to be mounted into the container is not there. Docker makes an "
    "empty directory in that case; usr-ct does not, since a typing mistake would go unnoticed.",
    "create it first, or correct the path")
UCT(1105, UNKNOWN_CODE, ERR_NOT_FOUND, "no such error code",
    "usr-ct explain knows the codes that error messages carry, such as UCT-1201.",
    "see usr-ct explain --list")
UCT(1106, TEMPLATE, ERR_USAGE, "a template cannot be read",
    "The text given with --format is a template: {{.Name}} stands for a field, {{if}} and {{range}} "
    "have their {{end}}, text in braces is written with quotes. The message names the column, "
    "counted in characters from 1, and what was expected there.",
    "docs/formats.md describes templates; 'json' shows all fields there are")
UCT(1107, TEMPLATE_FIELD, ERR_USAGE, "a template names a field that does not exist",
    "The object that is printed has no field of that name. Upper and lower case matter. Entries of "
    "maps such as labels may be missing and read as <no value>; fields may not.",
    "--format json shows the fields there are")
UCT(1108, TEMPLATE_VALUE, ERR_USAGE, "a template cannot be carried out",
    "A function got a value of the wrong kind, an index is beyond the end of a list, or the "
    "template would run or write without end.",
    "{{json .Field}} shows what a field holds")
UCT(1109, FILTER, ERR_USAGE, "a filter cannot be understood",
    "Filters are KEY=VALUE. The key is unknown to this command, or its value has the wrong form. "
    "Values of one key are alternatives (labels must all fit), different keys must all fit.",
    "docs/formats.md lists the filters of each command")
UCT(1110, NO_TERMINAL, ERR_USAGE, "nobody can be asked",
    "The command removes things and asks first. Its standard input is not a terminal, so nobody "
    "can answer.", "give -f (--force) to do it without being asked")
UCT(1111, PORT_NOT_PUBLISHED, ERR_NOT_FOUND, "a port is not published",
    "The container has no such port that could be reached from outside of it. Ports cannot be "
    "published yet; with --network host its ports are the machine's own.",
    "usr-ct port CONTAINER lists what is published")
UCT(1112, RESTART_AUTO_REMOVE, ERR_CONFLICT, "a container made with --rm was not restarted",
    "A container that was made with --rm is removed when it ends, so its monitor has to start it "
    "again. Either the monitor is gone, and the container was left running, or the new start "
    "failed, and the container was removed.", "stop it, and run it again")
UCT(1113, NO_DAEMON, ERR_UNSUPPORTED, "there is no daemon to talk to",
    "Docker's client talks to a daemon, which --host and --context choose. usr-ct has none: every "
    "command does its work itself, with the rights of the user who calls it.",
    "leave the flag out")

UCT(1120, FLAG_REFUSED, ERR_USAGE, "a flag of Docker or podman that has no place here",
    "The flag exists elsewhere, and usr-ct knows it, but cannot carry it out: it needs root or a "
    "daemon, belongs to another operating system, or rests on a feature that usr-ct does not have. "
    "It is refused, so that nobody relies on something that does not happen.",
    "leave the flag out; man usr-ct-run lists these flags with the reason for each")
UCT(1121, VALUE_REFUSED, ERR_UNSUPPORTED, "a flag's value cannot be honoured",
    "The flag works, but not with this value: it asks for something that needs root, or for a "
    "feature that usr-ct does not have. The message names the reason.",
    "see man usr-ct-run for the values that work")
UCT(1122, ULIMIT, ERR_DENIED, "a resource limit above your own",
    "Only root may raise a hard limit, so a container's limits cannot be above those of whoever "
    "starts it.", "ask for less, or have the limit raised in /etc/security/limits.d")
UCT(1123, OOM_SCORE, ERR_DENIED, "the OOM score cannot be lowered",
    "A higher value of oom_score_adj makes the kernel choose a process earlier when memory is "
    "short. Going below the value that the session was started with needs CAP_SYS_RESOURCE.",
    "choose a value that is not below that in /proc/self/oom_score_adj")
UCT(1124, SYSCTL_REFUSED, ERR_UNSUPPORTED, "a sysctl that is not the container's own",
    "Kernel parameters that belong to a namespace (net.*, fs.mqueue.*, and kernel.shm*, "
    "kernel.msg*, kernel.sem) can be set for a container that has this namespace to itself. All "
    "others are the machine's.", "set it on the host, as root, if the whole machine shall have it")
UCT(1125, DEVICE_REFUSED, ERR_DENIED, "a device cannot be given to the container",
    "A device node is mounted into the container, where the kernel asks the same questions as "
    "outside: the user must be allowed to open it. Narrowing the permissions needs a device "
    "cgroup, and that needs root.",
    "get access outside first: ls -l shows the group that may open it")
UCT(1126, NO_SECRET, ERR_NOT_FOUND, "a secret cannot be read",
    "--secret NAME reads the file NAME in $XDG_CONFIG_HOME/usr-ct/secrets; --secret id=NAME,src=FILE "
    "reads FILE, and --secret id=NAME,env=VARIABLE a variable. It is not there, too large, or a file "
    "that others may read.", "create it with mode 0600, or name its source with src= or env=")
UCT(1127, FILE_IN_THE_WAY, ERR_CONFLICT, "the file exists already",
    "The file that is to receive the container's id exists. It may tell of another container that "
    "still runs, so it is not overwritten.", "remove the file, or choose another name")
UCT(1129, NO_HOST_ADDRESS, ERR_UNSUPPORTED, "the host has no address for the container",
    "host-gateway stands for an address under which a container reaches the host. This host has "
    "none beside its loopback, or the container has no network.",
    "use --network host, where the host is localhost")
UCT(1130, NO_TIMEZONE, ERR_NOT_FOUND, "no such time zone",
    "Time zones come from the host's /usr/share/zoneinfo, by names such as Europe/Vienna; local is "
    "the host's own.", "check the spelling; timedatectl list-timezones shows the names")
UCT(1131, FLAGS_CONFLICT, ERR_USAGE, "flags that contradict each other",
    "Two flags ask for things that exclude each other, so that one would be broken in silence.",
    "leave one of them out")

UCT(1201, BAD_REFERENCE, ERR_USAGE, "not a valid image reference",
    "An image reference is [HOST[:PORT]/]NAME[:TAG][@DIGEST]. Names are lower case.",
    "write it as registry.example/name:tag")
UCT(1202, IMAGE_UNKNOWN, ERR_NOT_FOUND, "no such image",
    "The image is not in the local store, or the registry does not have that repository or tag.",
    "check the spelling; usr-ct images lists what is here")
UCT(1203, REGISTRY_UNREACHABLE, ERR_SYSTEM, "the registry cannot be reached",
    "No connection could be made: the host name does not resolve, the port is closed, TLS failed, "
    "or the transfer stalled.",
    "check the host name, the network and proxy variables")
UCT(1204, REGISTRY_DENIED, ERR_DENIED, "the registry refuses access",
    "The registry answered that this repository needs credentials, or that they are not good "
    "enough. Registries often say so for repositories that do not exist as well.",
    "check the name, or log in (auth.json of podman and docker is used)")
UCT(1205, REGISTRY_ANSWER, ERR_SYSTEM, "the registry's answer makes no sense",
    "The registry sent an unexpected status or something that is not what the distribution "
    "specification promises. The message has the detail.", "try again later, or ask its operator")
UCT(1206, BAD_DIGEST, ERR_SYSTEM, "content does not match its digest",
    "Bytes that came from a registry or an archive hash to another value than promised, or have "
    "another size. They were thrown away: they are damaged, or somebody changed them.",
    "pull again; if it persists, the image is broken at its source")
UCT(1207, BAD_MANIFEST, ERR_SYSTEM, "the image's manifest or config is not valid",
    "A manifest, index or configuration is not valid JSON, lacks a required field, or is of a type "
    "that usr-ct does not know (schema 1 among them).", "push the image again with a current tool")
UCT(1208, NO_PLATFORM, ERR_NOT_FOUND, "the image has no variant for this machine",
    "The image index lists no manifest for this operating system and architecture.",
    "choose an image built for this machine")
UCT(1209, BAD_LAYER, ERR_SYSTEM, "a layer cannot be unpacked",
    "The layer archive is truncated, damaged, too large, or holds entries that would leave the "
    "image's root. Nothing of it was kept.", "the image must be built again")
UCT(1210, IMAGE_IN_USE, ERR_CONFLICT, "the image is in use",
    "A container was made from this image.", "remove the container first, or use rmi -f")
UCT(1211, PULL_POLICY, ERR_NOT_FOUND, "the image is not here and must not be pulled",
    "--pull=never was given and the image is not in the local store.",
    "pull it first with usr-ct pull")
UCT(1212, IMAGE_SEVERAL_NAMES, ERR_CONFLICT, "the image has several names",
    "An image was to be removed by its id, but repositories of different names refer to it. Removing "
    "it would take it away under each of these names.",
    "remove it by one of its names, or add -f to remove it with all of them")
UCT(1213, IMAGE_ARCHIVE, ERR_SYSTEM, "the archive is not one of images",
    "load reads docker archives (docker save, podman save) and OCI layouts, as directories or tar "
    "archives, compressed with gzip, zstd, xz, bzip2 or not at all. This one is something else, is "
    "damaged, or lacks a part that it promises. import takes a root file system as one tar archive.",
    "look into it with tar -tf; usr-ct import makes an image of a root file system")
UCT(1214, REGISTRY_LOGIN, ERR_DENIED, "logging in or out failed",
    "login tries a name and a password at the registry and keeps them in auth.json, where podman and "
    "skopeo look too, or with the program that this file names (credsStore, credHelpers). logout "
    "removes them.",
    "see usr-ct login --help")
UCT(1215, REGISTRY_BLOCKED, ERR_DENIED, "the registry is blocked",
    "registries.json, in ~/.config/usr-ct or /etc/usr-ct, says that nothing comes from this registry.",
    "see docs/images.md for registries.json")
UCT(1216, IMAGE_POLICY, ERR_DENIED, "a policy does not accept the image",
    "policy.json, in ~/.config/containers or /etc/containers, says which images are accepted "
    "(containers-policy.json(5)). usr-ct knows insecureAcceptAnything, reject and sigstoreSigned with "
    "public keys. It cannot check signatures of GnuPG (signedBy), Fulcio, Rekor or a PKI, so what "
    "demands them is refused, as is what it does not know.",
    "see docs/images.md for policy.json, or check the image with skopeo and load it")
UCT(1217, IMAGE_UNSIGNED, ERR_DENIED, "the image lacks a signature",
    "policy.json demands a signature (sigstoreSigned) of images like this one. It has to lie beside "
    "the image in the registry, as cosign sign puts it there, be made with one of the keys that the "
    "policy has, be of this image's digest, and of a name that signedIdentity lets stand for it: cosign "
    "signs the name without the tag, which matchRepository accepts, and the default does not.",
    "cosign verify --key KEY IMAGE tells whether it is signed; see docs/images.md for policy.json")

UCT(1301, STORE_DAMAGED, ERR_SYSTEM, "the store is damaged",
    "The index or a file of the store cannot be read as what it should be, or the index is not there "
    "although layers or containers are.",
    "usr-ct system check says what is wrong, usr-ct system check --repair puts right what it can")
UCT(1302, STORE_NEWER, ERR_UNSUPPORTED, "the store was written by a newer usr-ct",
    "The index has a schema version that this program does not know. It is left untouched.",
    "use the newer usr-ct, or another XDG_DATA_HOME")
UCT(1303, STORE_BUSY, ERR_SYSTEM, "the store is locked for too long",
    "Another process holds the store's write lock and does not let go.",
    "see which usr-ct processes run; the lock ends with its process")
UCT(1304, STORE_FOREIGN, ERR_DENIED, "the store belongs to somebody else",
    "The store's directory exists but is owned by another user, or others can write to it.",
    "set XDG_DATA_HOME to a directory of your own")
UCT(1310, INDEX_DAMAGED, ERR_SYSTEM, "a layer's index is damaged",
    "The file layers/CHAIN/index says what files a layer has. Its checksum is wrong, or what it says "
    "makes no sense: the disk lost something, or somebody else wrote to it.",
    "usr-ct system check --repair makes it anew, or says which image to pull again")
UCT(1311, INDEX_NEWER, ERR_UNSUPPORTED, "a layer's index is of a newer usr-ct",
    "The file layers/CHAIN/index has a version that this program does not know. It is left "
    "untouched.",
    "use the newer usr-ct, or another XDG_DATA_HOME")
UCT(1312, OBJECT_DAMAGED, ERR_SYSTEM, "an object of the store is damaged",
    "The contents of a file below objects/ are not those that its name promises.",
    "usr-ct system check --repair writes it anew, or says which image to pull again")
UCT(1313, OBJECT_CLASH, ERR_SYSTEM, "two contents want the same object",
    "An object exists whose name has the same 128 bits of SHA-256 and whose digest differs. By "
    "accident that does not happen; somebody made it happen. The layer was refused.",
    "do not trust this image, nor those that you pulled from the same place")
UCT(1314, NO_OBJECTS, ERR_UNSUPPORTED, "this kernel cannot mount objects",
    "The objects driver needs overlayfs with data-only lower layers for ordinary users (Linux "
    "6.16). Layers that were stored with it cannot be used where that is missing.",
    "use Linux 6.16 or newer, or pull into another store with USRCT_STORAGE_DRIVER=plain")
UCT(1315, BAD_DRIVER, ERR_USAGE, "no such storage driver",
    "USRCT_STORAGE_DRIVER chooses how new layers are stored: objects, plain, or auto, which takes "
    "objects where the kernel can mount them.",
    "unset USRCT_STORAGE_DRIVER, or set it to objects, plain or auto")
UCT(1316, SHARED_GONE, ERR_NOT_FOUND, "a directory of shared layers is not there",
    "Layers of an image have their contents in a directory for all users of this machine, made by "
    "usr-ct image share, which is gone or not mounted.",
    "bring it back; or remove the image and pull it again, which then keeps all of it in your store")
UCT(1317, SHARED_UNSAFE, ERR_DENIED, "a directory of shared layers could be changed by others",
    "Whoever may write to it could change what containers run. It and what is in it must belong to "
    "root or to you, and nobody else may have the right to write.",
    "make it root's, with chown -R root:root and chmod -R go-w, if you trust what is in it")
UCT(1318, SHARED_NEWER, ERR_UNSUPPORTED, "a directory of shared layers is of a newer usr-ct",
    "It has a version that this program does not know, and is left untouched.",
    "use the newer usr-ct, or leave the directory out of USRCT_SHARED_DIRS")
UCT(1319, SHARED_DAMAGED, ERR_SYSTEM, "a shared layer is damaged",
    "An object of a directory of shared layers is missing, or has other contents than the layer's "
    "index says. The layer was not taken from there.",
    "whoever made the directory should run usr-ct image share again")
UCT(1320, NOT_SHAREABLE, ERR_CONFLICT, "an image cannot be shared as it is stored",
    "Shared are layers of the objects driver. Some of this image are of the plain driver, which "
    "keeps owners as they are for one user's ids.",
    "usr-ct system migrate --to objects converts them")
UCT(1321, MIGRATION_BLOCKED, ERR_CONFLICT, "a layer could not be converted",
    "What a layer is made from, its compressed blob, is not in the store or is damaged. The layer "
    "stays as it is, and works.", "pull the image again, then run usr-ct system migrate again")
UCT(1322, BAD_SHARED_DIRS, ERR_USAGE, "the list of shared directories makes no sense",
    "USRCT_SHARED_DIRS, and the files shared-dirs in /etc/usr-ct and in the user's configuration, "
    "name directories of shared layers by absolute paths, each with verify=hash, verify=sealed or "
    "verify=none behind it or nothing.",
    "write it as /var/lib/usr-ct or '/var/lib/usr-ct verify=sealed'")

UCT(1330, VOLUME_UNKNOWN, ERR_NOT_FOUND, "there is no such volume",
    "No volume has that name. Volumes are named in full.", "usr-ct volume ls lists what there is")
UCT(1331, VOLUME_EXISTS, ERR_CONFLICT, "the volume exists already",
    "Another volume has the name.", "choose another name, or remove that one first")
UCT(1332, VOLUME_USED, ERR_CONFLICT, "the volume is in use",
    "A volume can be removed when no container has it, running or not.",
    "remove the container first: usr-ct ps -a --filter volume=NAME lists them")
UCT(1333, BAD_VOLUME_NAME, ERR_USAGE, "not a name of a volume",
    "A volume's name has letters, digits and _ . - only, begins with a letter or digit, and has at "
    "most 255 characters.", "for a directory write ./DIR or an absolute path")
UCT(1334, VOLUME_OPTION, ERR_UNSUPPORTED, "an option of a volume cannot be honoured",
    "Volumes are directories of the store, or with type=tmpfs file systems in memory, or with "
    "type=none,o=bind other directories of yours. All else is mounted by root only.",
    "ask your administrator to mount it, and use -o type=none -o o=bind -o device=DIR")
UCT(1335, BAD_VOLUME_DRIVER, ERR_UNSUPPORTED, "there is no such volume driver",
    "Volumes are kept by the driver 'local'; there are no plugins.", "leave --driver out")
UCT(1336, MOUNT_SUBPATH, ERR_NOT_FOUND, "a part of a volume cannot be mounted",
    "The subpath does not exist in the volume, or a link on the way leads out of it.",
    "make it first, or mount the whole volume")
UCT(1337, COPY_UP_FAILED, ERR_SYSTEM, "a volume could not be filled from the image",
    "When a volume is used for the first time, what the image has at that place is copied into "
    "it. What was copied is not used; the next start tries again.",
    "use nocopy, or free some space")
UCT(1338, CHOWN_REFUSED, ERR_DENIED, "files would not be given away",
    "The option U gives all files below a source to the container's user. It is refused for /, "
    "for directories of the system, for your home directory, and for what is not yours.",
    "mount a directory of its own, or leave U out")
UCT(1339, RELABEL_REFUSED, ERR_DENIED, "files would not get another label",
    "The options z and Z give all files below a source an SELinux label for containers, which "
    "would keep the machine or your log-in from using them. They are refused for /, for "
    "directories of the system, and for your home directory, with or without SELinux.",
    "mount a directory of its own, or leave z and Z out")
UCT(1340, MOUNT_LOCKED, ERR_UNSUPPORTED, "the host's mount does not allow that",
    "A file system that the machine mounts noexec, nosuid, nodev or read-only stays so in each "
    "container; the kernel lets no user namespace take that back.",
    "leave the option out, or use a directory on another file system")
UCT(1341, SECRET_UNKNOWN, ERR_NOT_FOUND, "there is no such secret",
    "No secret has that name or id.", "usr-ct secret ls lists what there is")
UCT(1342, SECRET_EXISTS, ERR_CONFLICT, "the secret exists already",
    "Another secret has the name.", "use --replace, or remove that one first")
UCT(1343, BAD_SECRET, ERR_USAGE, "not a secret that can be kept",
    "A secret has a name of letters, digits and _ . -, and between 1 and 512000 bytes.",
    "see usr-ct secret create --help")
UCT(1344, BAD_ARCHIVE_INPUT, ERR_USAGE, "a volume's archive cannot be used",
    "import takes a tar archive, which may be compressed, from a file or from standard input, and "
    "export does not write to a terminal.", "name a file, or redirect the stream")

UCT(1401, CONTAINER_UNKNOWN, ERR_NOT_FOUND, "no such container",
    "No container has this name, id or unique id prefix.", "usr-ct ps -a lists all containers")
UCT(1402, CONTAINER_AMBIGUOUS, ERR_USAGE, "the id prefix fits several containers",
    "A prefix of a container id must be long enough to name exactly one.",
    "use more characters of the id, or the name")
UCT(1403, NAME_TAKEN, ERR_CONFLICT, "the container name is in use",
    "Names are unique among all containers, also stopped ones.",
    "remove the other container (usr-ct rm NAME) or choose another name")
UCT(1404, CONTAINER_RUNNING, ERR_CONFLICT, "the container is running",
    "This cannot be done while the container runs.", "stop it first, or use rm -f")
UCT(1405, CONTAINER_STOPPED, ERR_CONFLICT, "the container is not running",
    "This needs a running container.", "usr-ct ps lists the running ones")
UCT(1406, BAD_NAME, ERR_USAGE, "not a valid container name",
    "Names match [a-zA-Z0-9][a-zA-Z0-9_.-]+.", "choose letters, digits, _ . and -")
UCT(1407, NO_COMMAND, ERR_USAGE, "nothing to run",
    "Neither the image nor the command line says which program to start.",
    "add a command after the image name")
UCT(1408, COMMAND_NOT_FOUND, ERR_NOT_FOUND, "the command does not exist in the container",
    "The program was not found in the container's file system, neither as a path nor through the "
    "container's PATH. The exit status is 127, as in a shell.",
    "check the spelling, the image and its PATH")
UCT(1409, COMMAND_NOT_EXECUTABLE, ERR_DENIED, "the command cannot be executed",
    "The file exists but the kernel will not execute it: no execute permission, a directory, a "
    "missing interpreter, or a program for another architecture. The exit status is 126.",
    "check its mode, its #! line and its architecture")
UCT(1410, USER_UNKNOWN, ERR_NOT_FOUND, "no such user or group in the image",
    "The user or group was not found in the image's /etc/passwd or /etc/group.",
    "use a number, or a name that the image knows")
UCT(1411, BAD_CONFIG, ERR_USAGE, "the container's OCI document is not valid",
    "config.json lacks a required field or holds a value that usr-ct cannot honour.",
    "see the OCI runtime specification, config.md")
UCT(1420, WORKING_DIRECTORY, ERR_NOT_FOUND, "the working directory cannot be entered",
    "It is not a directory, or lies behind a link of /proc, through which a container could reach "
    "what is outside of it. run and create make a missing one, exec does not. The exit status is "
    "127 if it is missing, else 126.",
    "name a directory of the container with -w")
UCT(1421, SESSION_DIED, ERR_SYSTEM, "the session of an executed command is gone",
    "The process of usr-ct that held the command's input and output was killed. The command itself "
    "may go on, but what it prints and how it ends can no longer be known.",
    "usr-ct top CONTAINER shows whether it still runs")
UCT(1422, MOUNT_PLACE, ERR_CONFLICT, "nothing can be mounted there now",
    "The place is one that a container cannot do without or that keeps the kernel out of its "
    "sight (/, /proc, /sys, /dev), or a file that usr-ct keeps there itself, or something is "
    "mounted there already. Links that the container made are followed, below its root.",
    "name another path in the container")
UCT(1423, NOT_MOUNTED, ERR_NOT_FOUND, "nothing is mounted there",
    "The path in the container does not exist or is not where a mount begins.",
    "usr-ct mount ls CONTAINER lists what is mounted")
UCT(1440, LOG_DRIVER, ERR_USAGE, "no such log driver",
    "The output of a container goes to a file (json-file, k8s-file and local are three names of it), "
    "to the journal (journald) or nowhere (none).", "leave --log-driver out for a file")
UCT(1441, LOG_OPTION, ERR_USAGE, "an option for the log is not right",
    "--log-opt takes KEY=VALUE. Files have max-size (10m, 1g; -1 for no limit) and max-file; the "
    "journal has tag and socket.", "write it as --log-opt max-size=10m")
UCT(1442, NO_LOG, ERR_CONFLICT, "this container's output is not kept",
    "Its log driver is none, so that there is nothing to show. What it prints reaches only those who "
    "are attached meanwhile.", "make it with another --log-driver to read its log later")
UCT(1443, BAD_DETACH_KEYS, ERR_USAGE, "detach keys cannot be understood",
    "The keys that detach from a container are single letters or ctrl- with a letter or one of "
    "@ [ \\ ] ^ _, divided by commas.", "write them as ctrl-p,ctrl-q")
UCT(1444, NO_HEALTH_CHECK, ERR_CONFLICT, "the container has no health check",
    "Neither the image nor the command line says how to find out whether it is well.",
    "usr-ct update --health-cmd COMMAND gives it one")
UCT(1445, JOURNAL_UNREADABLE, ERR_UNSUPPORTED, "the journal cannot be read",
    "The container's output went to the journal, which is read with journalctl. That program is "
    "missing, or it refused.", "install systemd, or see journalctl CONTAINER_ID_FULL=ID yourself")
UCT(1446, NO_MONITOR, ERR_CONFLICT, "the container's monitor is gone",
    "The process that looks after this container was killed. The container runs on, but nobody "
    "moves its output, starts it again or checks its health.",
    "stop and start it; look for out-of-memory kills")
UCT(1447, LOGS_APART, ERR_UNSUPPORTED, "this log cannot be followed beside others",
    "One of the containers writes to the journal (--log-driver journald), which journalctl reads for "
    "us. Logs in files are put in the order of their entries while they are followed; the journal is "
    "followed alone.", "follow it by itself: usr-ct logs -f CONTAINER")

UCT(1460, NO_SUCH_PATH, ERR_NOT_FOUND, "the path does not exist",
    "What was to be copied, or the directory to copy it into, is not there. Paths in a container "
    "start at its root, whatever its working directory is; links are followed inside it.",
    "check the spelling; usr-ct diff CONTAINER lists what the container changed")
UCT(1461, BAD_COPY_PATH, ERR_USAGE, "this path cannot be copied from or to",
    "A path with a slash behind it must be a directory, a directory cannot be copied onto a file, a "
    "device cannot be written to, and interfaces of the kernel (/proc, /sys) hold no files.",
    "see usr-ct cp --help for what a slash or /. behind a path means")
UCT(1462, COPY_CONFLICT, ERR_CONFLICT, "something of another kind is in the way",
    "Copying merges directories and replaces files, but never replaces a directory by a file or a "
    "file by a directory.", "remove what is in the way, or copy to another place")
UCT(1463, READ_ONLY, ERR_DENIED, "the place is read-only",
    "The container's root file system or the volume at that path was mounted read-only.",
    "copy into a volume or tmpfs that is writable, or make the container without --read-only")
UCT(1464, BAD_ARCHIVE, ERR_SYSTEM, "the archive cannot be unpacked",
    "The tar stream is damaged, truncated, or names files outside of the directory it is for. What "
    "was unpacked before stays.", "check it with tar -t")
UCT(1465, STRANGE_LAYER, ERR_UNSUPPORTED, "the container's changes cannot be put into an image",
    "The directory of the container's changes holds attributes of an overlay that was mounted with "
    "other options than ours, or a file whose name begins with .wh., which images reserve.",
    "rename the file, or use usr-ct export")
UCT(1466, BAD_CHANGE, ERR_USAGE, "not a change that commit knows",
    "--change takes one instruction of a Containerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, "
    "LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME or WORKDIR.",
    "write it as --change 'CMD [\"program\", \"argument\"]'")
UCT(1467, BAD_GENERATOR, ERR_USAGE, "the generator file is not right",
    "The message names the file, line and column. Every key must be one of those that the format "
    "has (docs/generator.schema.json), each at most once, with a value of the right type.",
    "see usr-ct create --help for an example")
UCT(1468, NO_GENERATOR, ERR_CONFLICT, "the container was not made from a generator file",
    "recreate makes a container anew from the generator file that was kept when it was made.",
    "make it with usr-ct create FILE.json")

UCT(1501, LAUNCH_FAILED, ERR_SYSTEM, "the container could not be started",
    "A step of setting the container up failed; the message names it.",
    "usr-ct doctor tells what this machine lacks")
UCT(1502, NO_OVERLAY, ERR_UNSUPPORTED, "the overlay could not be mounted",
    "The kernel refused an overlay mount in a user namespace (it needs Linux 5.11 and a file "
    "system with user xattrs), and fuse-overlayfs is missing or failed too.",
    "install fuse-overlayfs, or put the store on ext4, xfs, btrfs or tmpfs")
UCT(1503, LAUNCHER_DIED, ERR_SYSTEM, "the launcher ended unexpectedly",
    "The process that sets the container up was killed or crashed before it reported.",
    "try again; look for out-of-memory kills")
UCT(1504, ROOTFS_UNUSABLE, ERR_SYSTEM, "the container's root file system is not usable",
    "A path inside the image could not be used as needed, for example because a mount target "
    "leads out of the root or is of the wrong type.", "check the image and the mount targets")

UCT(1505, NO_FUSE, ERR_UNSUPPORTED, "fuse-overlayfs cannot be used",
    "The container's files are to be mounted by fuse-overlayfs: because that was asked for, or "
    "because overlayfs does not work here. It is not installed, it may not open /dev/fuse, or it "
    "has ended; the message has its last words.",
    "install fuse-overlayfs; modprobe fuse; chmod 666 /dev/fuse")
UCT(1506, BAD_BACKEND, ERR_USAGE, "there is no such mount back end",
    "The files of a container are put together by the kernel's overlayfs, by fuse-overlayfs, or by "
    "copying all of them. Other ways do not exist.",
    "set USRCT_MOUNT_BACKEND to overlay, fuse-overlayfs, copy or auto")
UCT(1507, NO_BACKEND, ERR_UNSUPPORTED, "nothing can mount the container's files",
    "The kernel refuses overlayfs to ordinary users, or the file system of the store cannot carry "
    "it, and fuse-overlayfs is missing or may not be used. Copying each image for each container "
    "would work, and is slow, so it is not chosen unless asked for.",
    "install fuse-overlayfs, or set USRCT_MOUNT_BACKEND=copy")
UCT(1508, BAD_STORAGE_OPT, ERR_USAGE, "the storage option is not known",
    "--storage-opt takes KEY=VALUE. What others configure that way belongs to their own drivers, "
    "and is refused rather than ignored.",
    "the keys are size=BYTES, mount_backend=NAME and upper=disk|memory")
UCT(1509, NO_STORAGE_SIZE, ERR_UNSUPPORTED, "the size of a container's files cannot be limited",
    "Quotas of ext4 and xfs are root's to set, and a user cannot mount a file system of limited "
    "size from a file. What works without privilege is memory: a tmpfs of that size takes what the "
    "container writes, and is gone with it.",
    "use --rm with --storage-opt size=, so that what it writes may lie in memory")
UCT(1510, ROOT_IN_MEMORY, ERR_UNSUPPORTED, "what the container wrote lies in memory",
    "With --storage-opt size= or upper=memory the container's changes lie in a tmpfs of its own "
    "mount namespace. They cannot be listed or made into an image from outside.",
    "copy what you need: usr-ct cp or usr-ct export while it runs")
UCT(1511, HOME_UNSUITABLE, ERR_UNSUPPORTED, "the file system of the store cannot carry containers",
    "Containers need a place where files of other ids and with user attributes can be made, which "
    "NFS, many FUSE file systems, FAT and their like are not. Contents may lie there; the rest "
    "needs a local directory, and none was found.",
    "set USRCT_LOCAL_DIR to a directory of yours on a local disk, or XDG_DATA_HOME")
UCT(1512, HOME_LOST, ERR_SYSTEM, "the local part of the store is gone",
    "The store in your home says that its containers and layers lie in a local directory, which "
    "does not exist here or is not yours: this is another machine, or it was cleaned up.",
    "set USRCT_LOCAL_DIR, or remove the link 'local' in the store to choose anew")

UCT(1601, NO_NETWORK_HELPER, ERR_UNSUPPORTED, "no program to connect the network with",
    "A private network needs slirp4netns or pasta.",
    "install slirp4netns or passt, or use --network none|host")
UCT(1602, NETWORK_FAILED, ERR_SYSTEM, "the container's network could not be set up",
    "slirp4netns or pasta ended before the network was ready.",
    "try --network none to see whether the rest works; check /dev/net/tun")

UCT(1701, NO_SUBIDS, ERR_UNSUPPORTED, "no subordinate ids",
    "The user has no range in /etc/subuid and /etc/subgid (or the name service libsubid asks). "
    "Containers then have one user id only.",
    "ask your administrator for: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "
    "$USER")
UCT(1702, NO_NEWUIDMAP, ERR_UNSUPPORTED, "newuidmap or newgidmap is missing or powerless",
    "Mapping a range of ids needs the set-uid programs newuidmap and newgidmap.",
    "install uidmap (Debian, Ubuntu) or shadow-utils (Fedora, Arch)")
UCT(1703, NO_USERNS, ERR_UNSUPPORTED, "user namespaces are not allowed here",
    "The kernel refused to make a user namespace: a sysctl (user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), a seccomp "
    "filter or a security module forbids it.",
    "usr-ct doctor names the setting to change")
UCT(1704, MAP_FAILED, ERR_SYSTEM, "the id map could not be written",
    "newuidmap or newgidmap refused the range: it is not yours, or overlaps.",
    "check /etc/subuid and /etc/subgid for your user")
UCT(1705, BAD_MAP, ERR_USAGE, "the id map cannot be understood",
    "--uidmap and --gidmap take [FLAGS]INSIDE:OUTSIDE[:COUNT]. Outside, 0 is you and 1, 2, ... are "
    "your subordinate ids; @ before OUTSIDE makes it a number of the machine's. The flags are + "
    "(all other ids stay as by default), u and g (for uids or gids alone). No id may be mapped "
    "twice, on either side.",
    "see docs/ids.md; --uidmap +1000:0 makes you user 1000 inside")
UCT(1706, MAP_NOT_YOURS, ERR_UNSUPPORTED, "the ids of this map are not all yours",
    "A container can have your own id and your subordinate ids, and no others.",
    "have more of them: usermod --add-subuids FIRST-LAST --add-subgids FIRST-LAST $USER; usr-ct "
    "info tells how many you have")
UCT(1707, NO_FREE_IDS, ERR_CONFLICT, "no range of ids is free",
    "--userns auto gives each container ids that no other one has, and the containers that exist "
    "have taken yours.",
    "remove containers, ask for fewer with --userns auto:size=N, or have more subordinate ids")
UCT(1708, USERNS_GONE, ERR_CONFLICT, "the user namespace to join does not exist",
    "--userns container:NAME joins the user namespace of a container that runs; it ends with its "
    "last process.",
    "start that container first")
UCT(1709, CANNOT_SHIFT, ERR_UNSUPPORTED, "the image's files cannot be shown with other owners here",
    "A container whose ids are not mapped as by default sees its image's files with shifted owners. "
    "That needs an image stored by the objects driver (Linux 6.16), or fuse-overlayfs, or a copy of the image.",
    "install fuse-overlayfs, or use --userns host-root, or --storage-opt mount_backend=copy")
UCT(1710, OWNER_OUTSIDE_MAP, ERR_UNSUPPORTED, "a file of the image has an owner outside the id map",
    "Each owner of a file in the image needs an id in the container.",
    "give the container more ids: a larger size= with --userns, or more subordinate ids")
UCT(1711, MAP_CHANGED, ERR_CONFLICT, "the container's ids are not yours any more",
    "The container was made with subordinate ids that the user does not have now, or whose numbers "
    "have changed; the owners of its files would be wrong.",
    "give back the old ranges in /etc/subuid and /etc/subgid, or make the container anew")
UCT(1712, MAP_NO_ROOT, ERR_UNSUPPORTED, "the id map has no root",
    "What sets the container up is its root, so that uid 0 and gid 0 must be mapped.",
    "add --uidmap 0:1:1, or use + so that the ids that are not named stay mapped")

UCT(1801, CGROUP_FAILED, ERR_SYSTEM, "the container's cgroup could not be made",
    "The delegated cgroup refused a child, or one of its files could not be used.",
    "usr-ct doctor shows which cgroup is used")
UCT(1802, NO_CGROUP, ERR_UNSUPPORTED, "the container has no cgroup of its own",
    "Limits, pause and some statistics need a cgroup of the container's own (cgroup v2). It is made "
    "in a subtree that was delegated to you, or by your systemd (systemd --user). Here there is "
    "neither, or --cgroups=disabled was given.",
    "log in through ssh or the console so that systemd --user runs (loginctl enable-linger keeps "
    "it), or start usr-ct in a delegated cgroup")
UCT(1803, NO_CONTROLLER, ERR_UNSUPPORTED, "a cgroup controller is not available",
    "A limit needs a controller (memory, cpu, cpuset, pids, io) that is not delegated to you, or "
    "cannot be enabled because the cgroup has processes in it. Nothing was started or changed.",
    "usr-ct doctor shows which controllers are delegated, and how to get more")
UCT(1804, LIMIT_REFUSED, ERR_USAGE, "the kernel refuses a limit",
    "The value was written to the cgroup's file and the kernel said no: out of range, or not "
    "possible now. Other limits of the same request were put back.",
    "choose another value; see the kernel's admin-guide/cgroup-v2")
UCT(1805, SCOPE_FAILED, ERR_SYSTEM, "systemd did not make a scope",
    "Your systemd (systemd --user) was asked over D-Bus to put the container into a transient "
    "scope, and refused or did not answer.",
    "see journalctl --user, systemctl --user status")
UCT(1806, BAD_LIMIT, ERR_USAGE, "a limit makes no sense",
    "A limit is out of range or contradicts another one: memory below 6 MiB, swap without memory, "
    "--cpus together with --cpu-quota.", "see usr-ct run --help")
UCT(1807, CONTAINER_PAUSED, ERR_CONFLICT, "the container is paused",
    "All processes of a paused container are frozen.", "usr-ct unpause lets it go on")
UCT(1808, NOT_PAUSED, ERR_CONFLICT, "the container is not paused",
    "Only what was paused can go on.", "usr-ct ps shows what is paused")
UCT(1809, FREEZE_TIMEOUT, ERR_SYSTEM, "the container does not freeze",
    "A process of the container is in a state that cannot be interrupted, for example waiting for "
    "a disk or a network file system.", "try again; look for processes in state D")
UCT(1810, NO_PS, ERR_SYSTEM, "ps failed",
    "usr-ct top runs the host's ps on the container's processes. It is missing or does not accept "
    "the options given.", "install procps; see ps(1) for its options")
UCT(1830, COPY_WITHIN, ERR_CONFLICT, "a container that does not run cannot be copied into itself",
    "Its file system is put together for the reader and for the writer, and while it does not run "
    "that can be done only once at a time.",
    "start it first, or copy the files out and in again")
UCT(1831, IPC_NOT_SHAREABLE, ERR_DENIED, "the other container does not share its IPC namespace",
    "As with Docker, what a container keeps in System V IPC, message queues and /dev/shm is its own "
    "unless it was made to be shared.",
    "make the other one with --ipc shareable")
UCT(1832, COMMAND_REFUSED, ERR_USAGE, "a command of Docker or podman that has no place here",
    "The command exists elsewhere, and usr-ct knows it, but cannot carry it out: it needs root or a "
    "daemon, or is about something that usr-ct does not have.",
    "usr-ct --help lists the commands there are")
/* clang-format on */

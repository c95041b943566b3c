# bash completion for usr-ct                                  -*- shell-script -*-
# SPDX-License-Identifier: Apache-2.0
#
# Asks `usr-ct __complete`, which knows all commands. Needs no helper functions.

# Bash splits words at = and : as well (COMP_WORDBREAKS). This joins again what stands together on
# the line, up to the cursor, in _usr_ct_words.
_usr_ct_split() {
	local rest=${COMP_LINE:0:COMP_POINT} stripped word i
	_usr_ct_words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		stripped=${rest#"${rest%%[![:space:]]*}"}
		# The cursor may be inside the last word: what follows it does not count.
		((i == COMP_CWORD)) && word=$stripped
		if ((i > 0)) && [[ $stripped == "$rest" && -n $word ]]; then
			_usr_ct_words[-1]+=$word
		else
			_usr_ct_words+=("$word")
		fi
		rest=${stripped#"$word"}
	done
}

# Replaces what is typed by file names, with the flag's prefix in front. $1: file or dir
_usr_ct_files() {
	local action=-f
	[[ $1 == dir ]] && action=-d
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$action" -P "$2" -- "${3#"$2"}")
}

_usr_ct() {
	local -a _usr_ct_words lines
	local current line skip breaks i
	_usr_ct_split
	current=${_usr_ct_words[-1]}
	# A quote that is open belongs to the shell, not to the word.
	current=${current#[\"\']}
	mapfile -t lines < <("${_usr_ct_words[0]/#~\//$HOME/}" __complete bash \
		"${_usr_ct_words[@]:1:${#_usr_ct_words[@]}-2}" "$current" 2>/dev/null)
	COMPREPLY=()
	for line in "${lines[@]}"; do
		case $line in
		":file "* | ":dir "*)
			line=${line#:}
			_usr_ct_files "${line%% *}" "${line#* }" "$current"
			;;
		*) COMPREPLY+=("$line") ;;
		esac
	done
	# Bash replaces only what follows the last separator, so the answers must lose the same.
	breaks=${COMP_WORDBREAKS//[^:=]/}
	[[ -n $breaks && $current == *["$breaks"]* ]] || return 0
	skip=${current%"${current##*["$breaks"]}"}
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$skip"}
	done
}

complete -o nosort -F _usr_ct usr-ct 2>/dev/null || complete -F _usr_ct usr-ct

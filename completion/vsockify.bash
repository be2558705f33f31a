# shellcheck shell=bash
# vsockify(1) completion for bash, with bash-completion
#
# Options are what `vsockify --help` shows, peers and rules what `vsockify --check` shows of the configuration that
# the command line names so far. Behind the options comes a program with a completion of its own.

# _vsockify_options - the options of --help, one a line, with the name of their argument if they have one
_vsockify_options() {
	"$vsockify" --help 2>/dev/null |
		sed -nE 's/^ +((-[a-zA-Z]), )?(--[a-z-]+)( [A-Z]\S*)?( .*|$)/\2\4\n\3\4/p' | grep ^-
}

# _vsockify_rows TITLE AWK-ACTION - from each row of the table of --check under TITLE
_vsockify_rows() {
	"$vsockify" "${rules[@]}" --check 2>/dev/null |
		awk -v title="$1" '$0 ~ "^" title " " { on = 1; next } $0 == "" { on = 0 } on { '"$2"' }'
}

_vsockify_names() {
	_vsockify_rows PEER 'if ($1 != "-") print $1' | cat - <(echo host) | sort -u
}

_vsockify_addresses() {
	_vsockify_rows PEER 'for (i = 3; $i ~ /[.:]/ && $i !~ "/"; i++) {
		sub(/,$/, "", $i); print ($i ~ /:/) ? "[" $i "]" : $i }'
}

# _vsockify_patterns TITLE - those of the rules; other rows have no colon in their first word
_vsockify_patterns() {
	_vsockify_rows "$1" 'if ($1 ~ /:/) print $1'
}

# _vsockify_sockets - sockets and directories whose path begins as the value in $cur does, with what stands in front
_vsockify_sockets() {
	local path
	compgen -f -- "${cur#*=}" | while IFS= read -r path; do
		if [ -d "$path" ]; then
			printf '%s\n' "${cur%%=*}=$path/"
		elif [ -S "$path" ]; then
			printf '%s\n' "${cur%%=*}=$path"
		fi
	done
}

# _vsockify_values OPTION - what can stand behind it, as far as $cur has come; a value that goes on ends in =, : or /
_vsockify_values() {
	local values
	case $1,$cur in
	--peer,*=*/* | --connect,*=*/* | --listen,*=*/*) values=$(_vsockify_sockets) ;;
	--peer,*=*) values=$(_vsockify_rows PEER 'if ($2 != "-") print $2' | sed "s/^/${cur%%=*}=/") ;;
	--peer,*) values=$({ _vsockify_names && _vsockify_addresses; } | sed 's/$/=/') ;;
	--connect,*=*) values=$({ _vsockify_names && printf 'pass\ndeny\n'; } | awk -v on="${cur%%=*}=" '{ print on $0 }') ;;
	--connect,*) values=$({ _vsockify_patterns "CONNECT TO" | sed 's/$/=/' && _vsockify_addresses | sed 's/$/:/'; }) ;;
	--via,*://*:*) return ;;
	--via,*://*) values=$(_vsockify_names | awk -v on="${cur%//*}//" '{ print on $0 ".vsock:" }') ;;
	--via,*) values=$(printf 'socks5://\nhttp://\n') ;;
	--listen,*=*) values=$(printf "${cur%%=*}=%s\n" pass deny) ;;
	--listen,*) values=$(_vsockify_patterns "LISTEN ON" | sed 's/$/=/') ;;
	*) return ;;
	esac
	mapfile -t COMPREPLY < <(awk -v on="$cur" 'index($0, on) == 1' <<<"$values" | sort -u)
	[[ ${COMPREPLY[0]-} != *[=:/] ]] || compopt -o nospace
}

# _vsockify_trim - readline replaces what follows the last = or : of $full only
_vsockify_trim() {
	local mark part prefix=
	for mark in = :; do
		[[ $COMP_WORDBREAKS == *$mark* && $full == *$mark* ]] || continue
		part=${full%"${full##*"$mark"}"}
		[ ${#part} -le ${#prefix} ] || prefix=$part
	done
	COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}

# _vsockify_argument OPTION - complete $cur as its argument
_vsockify_argument() {
	case $1 in
	-c | --config) _filedir ;;
	--engine) mapfile -t COMPREPLY < <(compgen -W "auto preload seccomp" -- "$cur") ;;
	--log)
		if [[ $cur == /* ]]; then
			_filedir
		else
			mapfile -t COMPREPLY < <(compgen -W "stderr syslog" -- "$cur")
		fi
		;;
	*) _vsockify_values "$1" ;;
	esac
	[[ $full == "$cur" ]] || COMPREPLY=("${COMPREPLY[@]/#/"$1="}")
	_vsockify_trim
}

# _vsockify_question - complete $cur as what --explain asks: a call, then addresses
_vsockify_question() {
	local values
	case ${words[*]:0:cword} in
	*" connect"*) values=$(_vsockify_addresses | sed 's/$/:/') ;;
	*" listen"*) values=$(_vsockify_patterns "LISTEN ON") ;;
	*) values=$(printf 'connect\nlisten\n') ;;
	esac
	mapfile -t COMPREPLY < <(awk -v on="$cur" 'index($0, on) == 1' <<<"$values" | sort -u)
	[[ ${COMPREPLY[0]-} != *: ]] || compopt -o nospace
	_vsockify_trim
}

# _vsockify_program INDEX - complete the program at this index of $words, which readline may count otherwise
_vsockify_program() {
	local i word at=0
	for ((i = 0; i < $1; i++)); do
		word=${COMP_WORDS[at]}
		while [[ $word != "${words[i]}" && $at -lt $COMP_CWORD ]]; do
			word+=${COMP_WORDS[++at]}
		done
		at=$((at + 1))
	done
	_command_offset $at
}

_vsockify() {
	local cur prev words cword i
	_init_completion -n =: || return
	local vsockify=${1/#\~/$HOME} rules=() full=$cur options
	options=$(_vsockify_options)
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		-c | --config | --peer) ((i + 1 == cword)) || rules+=("${words[i]}" "${words[i + 1]}") ;;
		--config=* | --peer=*) rules+=("${words[i]}") ;;
		esac
		if grep -q -- "^${words[i]} " <<<"$options"; then
			i=$((i + 1))
		elif [[ ${words[i]} != -* ]]; then
			break
		fi
	done
	if [[ " ${words[*]:1:i-1} " == *" --explain "* && $cur != -* ]] && ((i <= cword)); then
		_vsockify_question
	elif ((i < cword)); then
		_vsockify_program "$i"
	elif ((i > cword)); then
		_vsockify_argument "$prev"
	elif [[ $cur == --*=* ]]; then
		cur=${full#*=}
		_vsockify_argument "${full%%=*}"
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(cut -d ' ' -f 1 <<<"$options")" -- "$cur")
	else
		_vsockify_program "$i"
	fi
} && complete -F _vsockify vsockify

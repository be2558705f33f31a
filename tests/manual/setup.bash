# shellcheck shell=bash
# tests/manual/setup.bash - bash as bash-completion.test wants it; see type.py
. /usr/share/bash-completion/bash_completion
# shellcheck disable=SC2153 # RESULT is set by type.py
show() {
	printf '%s\n' "$READLINE_LINE" >>"$RESULT"
}
bind '"\C-xa": insert-completions'
bind -x '"\C-xp": show'
PROMPT_COMMAND='echo ready >>"$RESULT"; unset PROMPT_COMMAND'

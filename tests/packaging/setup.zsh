# tests/manual/setup.zsh - zsh as zsh-completion.test wants it; see type.py
autoload -Uz compinit
compinit -u -D
zle -C insert-all complete-word _generic
zstyle ':completion:insert-all:*' completer _all_matches _complete
zstyle ':completion:insert-all:*' insert yes
show() {
	print -r -- "$BUFFER" >>$RESULT
}
zle -N show
bindkey '^Xa' insert-all
bindkey '^Xp' show
bindkey '^U' kill-whole-line
precmd() {
	echo ready >>$RESULT
	unfunction precmd
}

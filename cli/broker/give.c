/* SPDX-License-Identifier: MIT */
/*
 * give.c - the program asks for the socket itself
 */
#include "give.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../shim/broker/message.h"
#include "../../shim/kernel/sys.h"
#include "attach.h"

#define DATA_MAX 65536

/**
 * is_give() - is this what a shim sends?
 * @last: the byte that the descriptors came with
 */
static bool is_give(char last, const struct attached *attached)
{
	int type = 0;

	return last == BROKER_GIVE_BYTE && attached->count == BROKER_GIVE_DESCRIPTORS &&
	       sys_getsockopt_int(attached->fd[0], SOL_SOCKET, SO_TYPE, &type) == 0 &&
	       type == SOCK_STREAM;
}

/**
 * hand_over() - answer; false if that cannot be, and the program stays as it is
 */
static bool hand_over(struct worker *w, struct connection *c)
{
	struct broker_head answer;

	broker_answer(&answer, BROKER_HANDOVER, w->environment, 0);
	return attach_send(c->pair, &answer, sizeof(answer), c->onward) == 0 &&
	       work_watch(w, c, c->pair, ROLE_PAIR);
}

bool give_take(struct worker *w, struct connection *c, size_t size)
{
	static char data[DATA_MAX];
	struct attached attached;
	ssize_t got = attach_receive(c->program, data, size, &attached);

	if (got == (ssize_t)size && attached.count == 0)
		return true; /* no room for its descriptor: the shim sees that, and asks again
			      */
	if (got != (ssize_t)size || !is_give(data[size - 1], &attached)) {
		attach_close(&attached);
		work_end(w, c);
		return false;
	}
	c->pair = attached.fd[0];
	if (!hand_over(w, c)) {
		close(c->pair);
		c->pair = -1;
		return true;
	}
	c->before = c->state;
	table_rest(&w->table, c);
	table_state(&w->table, c, STATE_GIVING);
	return true;
}

enum state give_event(struct worker *w, struct connection *c)
{
	char byte = 0;
	ssize_t size = sys_recv(c->pair, &byte, 1, MSG_DONTWAIT);

	if (size == -EAGAIN)
		return STATE_GIVING;
	close(c->pair);
	c->pair = -1;
	if (size != 1 || byte != BROKER_COMMIT_BYTE)
		return (enum state)c->before;
	/* what the program does with it is none of this process's business */
	(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, c->onward, NULL);
	atomic_fetch_add(&w->kept->shared->given, 1);
	return STATE_GIVEN;
}

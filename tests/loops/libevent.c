/* SPDX-License-Identifier: MIT */
/*
 * libevent.c - an echo server, and a client of it with many connections at once, on libevent's
 * bufferevents
 *
 * libevent serve PORT
 * libevent call ADDRESS PORT COUNT
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "payload.h"

static struct event_base *base;
static size_t finished, bytes, wanted;

/* ---- the server ---- */

static void echo(struct bufferevent *buffers, void *unused)
{
	(void)unused;
	evbuffer_add_buffer(bufferevent_get_output(buffers), bufferevent_get_input(buffers));
}

static void all_written(struct bufferevent *buffers, void *unused)
{
	(void)unused;
	if (evbuffer_get_length(bufferevent_get_output(buffers)) == 0)
		bufferevent_free(buffers);
}

/* The client has said all; what is on its way back goes first. */
static void server_event(struct bufferevent *buffers, short what, void *unused)
{
	(void)unused;
	if (what & BEV_EVENT_ERROR)
		die("server");
	if (what & BEV_EVENT_EOF) {
		bufferevent_setcb(buffers, NULL, all_written, server_event, NULL);
		all_written(buffers, NULL);
	}
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
		     int len, void *unused)
{
	struct bufferevent *buffers = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)listener, (void)peer, (void)len, (void)unused;
	bufferevent_setcb(buffers, echo, NULL, server_event, NULL);
	bufferevent_enable(buffers, EV_READ | EV_WRITE);
}

static int serve(const char *port)
{
	struct sockaddr_in on = address("0.0.0.0", port);

	if (!evconnlistener_new_bind(base, accepted, NULL,
				     LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, 512,
				     (struct sockaddr *)&on, sizeof on))
		die("bind");
	return event_base_dispatch(base);
}

/* ---- the client ---- */

static void check(struct bufferevent *buffers, size_t number)
{
	struct evbuffer *input = bufferevent_get_input(buffers);
	size_t size = evbuffer_get_length(input);
	const unsigned char *data = evbuffer_pullup(input, -1);

	if (size != payload_size(number))
		die("what came back is cut");
	for (size_t i = 0; i < size; i++)
		if (data[i] != payload_byte(number, i))
			die("what came back differs");
	bytes += size;
}

static void said_all(struct bufferevent *buffers, void *unused)
{
	(void)unused;
	shutdown(bufferevent_getfd(buffers), SHUT_WR);
}

static void client_event(struct bufferevent *buffers, short what, void *number)
{
	if (what & BEV_EVENT_ERROR)
		die("client");
	if (what & BEV_EVENT_CONNECTED)
		return;
	check(buffers, (size_t)number);
	bufferevent_free(buffers);
	if (++finished == wanted)
		event_base_loopbreak(base);
}

static void begin(const struct sockaddr_in *to, size_t number)
{
	struct bufferevent *buffers = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	bufferevent_setcb(buffers, NULL, said_all, client_event, (void *)number);
	bufferevent_enable(buffers, EV_READ | EV_WRITE);
	for (size_t i = 0; i < payload_size(number); i++) {
		unsigned char byte = payload_byte(number, i);

		bufferevent_write(buffers, &byte, 1);
	}
	if (bufferevent_socket_connect(buffers, (const struct sockaddr *)to, sizeof *to) < 0)
		die("connect");
}

static int call(const char *ip, const char *port, size_t count)
{
	struct sockaddr_in to = address(ip, port);

	wanted = count;
	for (size_t i = 0; i < count; i++)
		begin(&to, i);
	event_base_dispatch(base);
	printf("%zu connections, %zu bytes the same\n", finished, bytes);
	return finished != wanted;
}

int main(int argc, char **argv)
{
	base = event_base_new();
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc == 5 && strcmp(argv[1], "call") == 0)
		return call(argv[2], argv[3], strtoul(argv[4], NULL, 10));
	fprintf(stderr, "usage: libevent serve PORT | call ADDRESS PORT COUNT\n");
	return 2;
}

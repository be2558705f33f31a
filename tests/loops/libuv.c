/* SPDX-License-Identifier: MIT */
/*
 * libuv.c - an echo server, and a client of it with many connections at once, on libuv's
 * streams
 *
 * libuv serve PORT
 * libuv call ADDRESS PORT COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "payload.h"

static uv_loop_t *loop;
static size_t finished, bytes;

static void check_uv(int status, const char *what)
{
	if (status >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
	exit(1);
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	(void)handle;
	*buffer = uv_buf_init(allocate(size), (unsigned)size);
}

static void closed(uv_handle_t *handle)
{
	free(handle);
}

/* ---- the server ---- */

struct piece {
	uv_write_t request;
	uv_buf_t buffer;
};

static void piece_written(uv_write_t *request, int status)
{
	struct piece *piece = (struct piece *)request;

	check_uv(status, "write");
	free(piece->buffer.base);
	free(piece);
}

static void server_shut(uv_shutdown_t *request, int status)
{
	check_uv(status, "shutdown");
	uv_close((uv_handle_t *)request->handle, closed);
	free(request);
}

static void server_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct piece *piece;

	if (got <= 0) {
		free(buffer->base);
		if (got == UV_EOF) /* when all is written */
			uv_shutdown(allocate(sizeof(uv_shutdown_t)), stream, server_shut);
		else
			check_uv((int)got, "read");
		return;
	}
	piece = allocate(sizeof *piece);
	piece->buffer = uv_buf_init(buffer->base, (unsigned)got);
	check_uv(uv_write(&piece->request, stream, &piece->buffer, 1, piece_written), "write");
}

static void accepted(uv_stream_t *listener, int status)
{
	uv_tcp_t *tcp = allocate(sizeof *tcp);

	check_uv(status, "listen");
	uv_tcp_init(loop, tcp);
	check_uv(uv_accept(listener, (uv_stream_t *)tcp), "accept");
	check_uv(uv_tcp_nodelay(tcp, 1), "nodelay");
	check_uv(uv_read_start((uv_stream_t *)tcp, give_buffer, server_read), "read");
}

static int serve(int port)
{
	struct sockaddr_in on;
	uv_tcp_t listener;

	uv_ip4_addr("0.0.0.0", port, &on);
	uv_tcp_init(loop, &listener);
	check_uv(uv_tcp_bind(&listener, (struct sockaddr *)&on, 0), "bind");
	check_uv(uv_listen((uv_stream_t *)&listener, 512, accepted), "listen");
	return uv_run(loop, UV_RUN_DEFAULT);
}

/* ---- the client ---- */

struct client {
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shut;
	size_t number, received;
	unsigned char *data;
};

static void client_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct client *c = (struct client *)stream;

	for (ssize_t i = 0; i < got; i++) {
		if ((unsigned char)buffer->base[i] != payload_byte(c->number, c->received++)) {
			fprintf(stderr, "what came back differs\n");
			exit(1);
		}
	}
	free(buffer->base);
	if (got >= 0)
		return;
	if (got != UV_EOF)
		check_uv((int)got, "read");
	if (c->received != payload_size(c->number)) {
		fprintf(stderr, "what came back is cut\n");
		exit(1);
	}
	finished++;
	bytes += c->received;
	free(c->data);
	uv_close((uv_handle_t *)c, closed);
}

static void request_done(uv_write_t *request, int status)
{
	(void)request;
	check_uv(status, "write");
}

static void client_shut(uv_shutdown_t *request, int status)
{
	(void)request;
	check_uv(status, "shutdown");
}

static void connected(uv_connect_t *request, int status)
{
	struct client *c = (struct client *)request->handle;
	uv_buf_t all = uv_buf_init((char *)c->data, (unsigned)payload_size(c->number));

	check_uv(status, "connect");
	check_uv(uv_write(&c->write, request->handle, &all, 1, request_done), "write");
	check_uv(uv_shutdown(&c->shut, request->handle, client_shut), "shutdown");
	check_uv(uv_read_start(request->handle, give_buffer, client_read), "read");
}

static int call(const char *ip, int port, size_t count)
{
	struct sockaddr_in to;

	uv_ip4_addr(ip, port, &to);
	for (size_t number = 0; number < count; number++) {
		struct client *c = allocate(sizeof *c);

		c->number = number;
		c->data = allocate(payload_size(number));
		for (size_t i = 0; i < payload_size(number); i++)
			c->data[i] = payload_byte(number, i);
		uv_tcp_init(loop, &c->tcp);
		check_uv(
			uv_tcp_connect(&c->connect, &c->tcp, (struct sockaddr *)&to, connected),
			"connect");
	}
	uv_run(loop, UV_RUN_DEFAULT);
	printf("%zu connections, %zu bytes the same\n", finished, bytes);
	return finished != count;
}

int main(int argc, char **argv)
{
	loop = uv_default_loop();
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(atoi(argv[2]));
	if (argc == 5 && strcmp(argv[1], "call") == 0)
		return call(argv[2], atoi(argv[3]), strtoul(argv[4], NULL, 10));
	fprintf(stderr, "usage: libuv serve PORT | call ADDRESS PORT COUNT\n");
	return 2;
}

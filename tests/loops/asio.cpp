/* SPDX-License-Identifier: MIT */
/*
 * asio.cpp - an echo server, and a client of it with many connections at once, on Boost.Asio
 *
 * asio serve PORT
 * asio call ADDRESS PORT COUNT
 *
 * Asio registers a socket with its epoll, edge-triggered, when it opens it: long before
 * connect().
 */
#include <array>
#include <boost/asio.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "payload.h"

using boost::asio::ip::tcp;
using boost::system::error_code;

static boost::asio::io_context context;
static size_t finished, bytes;

static void must(const error_code &error, const char *what)
{
	if (error) {
		std::cerr << what << ": " << error.message() << "\n";
		exit(1);
	}
}

struct Echo : std::enable_shared_from_this<Echo> {
	explicit Echo(tcp::socket s) : socket(std::move(s))
	{
	}

	void read()
	{
		auto self = shared_from_this();
		socket.async_read_some(boost::asio::buffer(buffer),
				       [this, self](error_code error, size_t got) {
					       if (error == boost::asio::error::eof)
						       return;
					       must(error, "read");
					       write(got);
				       });
	}

	void write(size_t size)
	{
		auto self = shared_from_this();
		boost::asio::async_write(socket, boost::asio::buffer(buffer, size),
					 [this, self](error_code error, size_t) {
						 must(error, "write");
						 read();
					 });
	}

	tcp::socket socket;
	std::array<unsigned char, 8192> buffer;
};

static void accept(tcp::acceptor &listener)
{
	listener.async_accept([&listener](error_code error, tcp::socket socket) {
		must(error, "accept");
		std::make_shared<Echo>(std::move(socket))->read();
		accept(listener);
	});
}

static int serve(unsigned short port)
{
	tcp::acceptor listener(context, tcp::endpoint(tcp::v4(), port));

	accept(listener);
	context.run();
	return 0;
}

struct Client : std::enable_shared_from_this<Client> {
	explicit Client(size_t i) : socket(context), number(i), data(payload_size(i))
	{
		for (size_t at = 0; at < data.size(); at++)
			data[at] = payload_byte(number, at);
	}

	void run(const tcp::endpoint &to)
	{
		auto self = shared_from_this();
		socket.open(tcp::v4());
		socket.async_connect(to, [this, self](error_code error) {
			must(error, "connect");
			write();
			read();
		});
	}

	void write()
	{
		auto self = shared_from_this();
		boost::asio::async_write(socket, boost::asio::buffer(data),
					 [this, self](error_code error, size_t) {
						 must(error, "write");
						 socket.shutdown(tcp::socket::shutdown_send);
					 });
	}

	void read()
	{
		auto self = shared_from_this();
		back.resize(data.size() + 1);
		boost::asio::async_read(socket, boost::asio::buffer(back),
					[this, self](error_code error, size_t got) {
						if (error != boost::asio::error::eof)
							must(error, "read");
						back.resize(got);
						if (back != data) {
							std::cerr << "what came back differs\n";
							exit(1);
						}
						finished++;
						bytes += got;
					});
	}

	tcp::socket socket;
	size_t number;
	std::vector<unsigned char> data, back;
};

static int call(const char *ip, unsigned short port, size_t count)
{
	tcp::endpoint to(boost::asio::ip::make_address(ip), port);

	for (size_t i = 0; i < count; i++)
		std::make_shared<Client>(i)->run(to);
	context.run();
	std::cout << finished << " connections, " << bytes << " bytes the same\n";
	return finished != count;
}

int main(int argc, char **argv)
{
	if (argc == 3 && std::string(argv[1]) == "serve")
		return serve(static_cast<unsigned short>(std::stoi(argv[2])));
	if (argc == 5 && std::string(argv[1]) == "call")
		return call(argv[2], static_cast<unsigned short>(std::stoi(argv[3])),
			    std::stoul(argv[4]));
	std::cerr << "usage: asio serve PORT | call ADDRESS PORT COUNT\n";
	return 2;
}

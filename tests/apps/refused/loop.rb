# Ruby's TCPServer, in a plain loop.
require "socket"

listener = TCPServer.new("0.0.0.0", Integer(ARGV[0]))
while (connection = listener.accept)
  begin
    connection.write(connection.readpartial(64))
  rescue EOFError
    # it hung up
  end
  connection.close
end

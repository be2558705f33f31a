import fcntl, socket, struct
with open("/dev/vsock", "rb") as device:
    print(*struct.unpack("I", fcntl.ioctl(device, socket.IOCTL_VM_SOCKETS_GET_LOCAL_CID, bytes(4))))

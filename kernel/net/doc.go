// Package net is the layer of sockets that all protocol families share: the open
// file that a socket is, the options of SOL_SOCKET, and how messages, names and
// control messages are passed between programs and a protocol. Linux's net/socket.c,
// net/core/sock.c and net/core/scm.c. The system calls are package kernel's; the
// only family that there is, AF_UNIX, is package unix.
//
// Locks, in the order in which they are taken:
//
//	unix.Sock.bindLock   a name is being given to a socket
//	unix.Sock.ioLock     somebody receives
//	unix.inflight        descriptors that are on their way
//	unix.names           who has which name
//	Sock.Lock            the state of a socket; of two, that with the lower ID first
//	unix.Sock.peerWait   and then the wait queues of Sock
//
// All up to inflight may be held while sleeping. Nothing is copied from or to a
// program with a later one held.
package net

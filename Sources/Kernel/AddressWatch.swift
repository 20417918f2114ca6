internal import CLiburing
internal import Glibc

/// Tells that this machine has lost an address, by rtnetlink(7): what was connected from there
/// never answers again, and no packet says so.
public enum AddressWatch {
    /// A socket that can be read when addresses have come or gone; the caller's to close.
    ///
    /// - Throws: `SystemError` of socket(2) or bind(2).
    public static func open() throws(SystemError) -> Int32 {
        let type = CL_SOCK_DGRAM | CL_SOCK_CLOEXEC | CL_SOCK_NONBLOCK
        let socket = Glibc.socket(AF_NETLINK, type, Int32(NETLINK_ROUTE))
        guard socket >= 0 else { throw SystemError("socket") }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
        let length = socklen_t(MemoryLayout<sockaddr_nl>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, length)
            }
        }
        guard status == 0 else {
            let error = SystemError("bind")
            _ = Glibc.close(socket)
            throw error
        }
        return socket
    }

    /// Takes all that `socket` has to tell; whether an address has gone.
    public static func hasLost(on socket: Int32) -> Bool {
        var isLost = false
        while true {
            var header = nlmsghdr()
            let size = MemoryLayout<nlmsghdr>.size
            let count = unsafe recv(socket, &header, size, CL_MSG_DONTWAIT)
            if count == size, header.nlmsg_type == UInt16(RTM_DELADDR) { isLost = true }
            guard count < 0 else { continue }
            // Some of it found no room: that may have been among it.
            guard errno == ENOBUFS else { return isLost }
            isLost = true
        }
    }
}

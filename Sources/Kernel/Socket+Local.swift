internal import CLiburing
internal import Glibc
public import Internet

/// Which addresses lead to this machine itself.
extension Socket {
    /// Whether what is sent to `address` arrives at this machine itself, by the kernel's own route.
    ///
    /// The kernel is asked by rtnetlink(7). Being able to bind to an address says less: with
    /// net.ipv4.ip_nonlocal_bind that succeeds for every one.
    public static func isLocal(_ address: Address) -> Bool {
        // Connecting to no address in particular is connecting to oneself.
        if address.high == 0, address.low == 0 { return true }
        if let type = routeType(to: address) { return type == UInt8(RTN_LOCAL) }
        // Where there is no descriptor to find out by, nobody is let through.
        return bindFailure(address) != EADDRNOTAVAIL
    }

    /// Whether a socket can be bound to `address`, so that connections can come from there.
    public static func canBind(to address: Address) -> Bool { bindFailure(address) == nil }

    /// The errno with which a socket can't be bound to `address`; nil if it can.
    private static func bindFailure(_ address: Address) -> Int32? {
        do throws(SystemError) {
            close(try bound(to: Endpoint(address, port: 0), isShared: true))
            return nil
        } catch {
            return error.code
        }
    }

    /// The type of the route to `address`, an RTN_ number, 0 if there is none; nil if it can't be
    /// asked for.
    private static func routeType(to address: Address) -> UInt8? {
        let type = CL_SOCK_DGRAM | CL_SOCK_CLOEXEC
        let socket = Glibc.socket(AF_NETLINK, type, Int32(NETLINK_ROUTE))
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        var request = RouteRequest(address)
        let size = MemoryLayout<RouteRequest>.size - (address.family == .v4 ? 12 : 0)
        request.header.nlmsg_len = UInt32(size)
        guard unsafe send(socket, &request, size, 0) == size else { return nil }
        var reply = RouteReply()
        let room = MemoryLayout<RouteReply>.size
        let count = unsafe recv(socket, &reply, room, CL_MSG_DONTWAIT | Int32(MSG_TRUNC))
        guard count >= room else { return nil }
        return reply.header.nlmsg_type == UInt16(RTM_NEWROUTE) ? reply.route.rtm_type : 0
    }
}

/// RTM_GETROUTE for one destination.
private struct RouteRequest {
    var header = nlmsghdr()
    var route = rtmsg()
    var attribute = rtattr()
    /// In network order; IPv4 uses the first four bytes.
    var high: (UInt32, UInt32) = (0, 0)
    var low: (UInt32, UInt32) = (0, 0)

    init(_ address: Address) {
        header.nlmsg_type = UInt16(RTM_GETROUTE)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST)
        attribute.rta_type = UInt16(RTA_DST.rawValue)
        let first = UInt32(truncatingIfNeeded: address.high >> 32)
        let last = UInt32(truncatingIfNeeded: address.low)
        switch address.family {
        case .v4:
            route.rtm_family = UInt8(AF_INET)
            route.rtm_dst_len = 32
            attribute.rta_len = UInt16(MemoryLayout<rtattr>.size + 4)
            high.0 = last.bigEndian
        case .v6:
            route.rtm_family = UInt8(AF_INET6)
            route.rtm_dst_len = 128
            attribute.rta_len = UInt16(MemoryLayout<rtattr>.size + 16)
            high = (first.bigEndian, UInt32(truncatingIfNeeded: address.high).bigEndian)
            low = (UInt32(truncatingIfNeeded: address.low >> 32).bigEndian, last.bigEndian)
        }
    }
}

/// The beginning of the answer; in that to a failed request the route is something else.
private struct RouteReply {
    var header = nlmsghdr()
    var route = rtmsg()
}

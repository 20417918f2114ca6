import Internet
import Policy
import Testing

@Suite struct AddressClassTests {
    static func check(_ text: String, _ expected: AddressClass) throws {
        let address = try #require(Address(text))
        #expect(AddressClass(address) == expected, "\(text)")
    }

    @Test(
        arguments: [
            ("0.0.0.0", .unspecified), ("0.255.255.255", .unspecified), ("1.0.0.0", .public),
            ("9.255.255.255", .public), ("10.0.0.0", .private), ("10.255.255.255", .private),
            ("11.0.0.0", .public), ("100.63.255.255", .public), ("100.64.0.0", .shared),
            ("100.127.255.255", .shared), ("100.128.0.0", .public), ("126.255.255.255", .public),
            ("127.0.0.0", .loopback), ("127.0.0.1", .loopback), ("127.255.255.255", .loopback),
            ("128.0.0.0", .public), ("169.253.255.255", .public), ("169.254.0.0", .linkLocal),
            ("169.254.169.254", .linkLocal), ("169.255.0.0", .public), ("172.15.255.255", .public),
            ("172.16.0.0", .private), ("172.31.255.255", .private), ("172.32.0.0", .public),
            ("191.255.255.255", .public), ("192.0.0.0", .protocolAssignments),
            ("192.0.0.192", .protocolAssignments), ("192.0.0.255", .protocolAssignments),
            ("192.0.1.0", .public), ("192.0.2.0", .documentation), ("192.0.2.255", .documentation),
            ("192.0.3.0", .public), ("192.31.196.1", .public), ("192.52.193.1", .public),
            ("192.88.98.255", .public), ("192.88.99.1", .reserved), ("192.88.100.0", .public),
            ("192.167.255.255", .public), ("192.168.0.0", .private), ("192.168.255.255", .private),
            ("192.169.0.0", .public), ("192.175.48.1", .public), ("198.17.255.255", .public),
            ("198.18.0.0", .benchmarking), ("198.19.255.255", .benchmarking),
            ("198.20.0.0", .public),
            ("198.51.99.255", .public), ("198.51.100.0", .documentation), ("198.51.101.0", .public),
            ("203.0.112.255", .public), ("203.0.113.255", .documentation), ("203.0.114.0", .public),
            ("223.255.255.255", .public), ("224.0.0.0", .multicast),
            ("239.255.255.255", .multicast),
            ("240.0.0.0", .reserved), ("255.255.255.254", .reserved),
            ("255.255.255.255", .broadcast),
            ("8.8.8.8", .public), ("168.63.129.15", .public), ("168.63.129.16", .linkLocal),
            ("168.63.129.17", .public),
        ] as [(String, AddressClass)]
    )
    func `IPv4 ranges begin and end where the registry says`(
        _ text: String,
        _ expected: AddressClass
    ) throws {
        try Self.check(text, expected)
        try Self.check("::ffff:" + text, expected)
    }

    @Test(
        arguments: [
            ("::", .unspecified), ("::1", .loopback), ("::1:0:0:1", .reserved),
            ("::ffff:0:1.2.3.4", .reserved), ("64:ff9a::1", .reserved),
            ("64:ff9b:1::8.8.8.8", .private),
            ("64:ff9b:1:ffff::8.8.8.8", .private), ("64:ff9b:2::1", .reserved),
            ("100::1", .reserved),
            ("100:0:0:1::1", .reserved), ("1fff:ffff::", .reserved), ("2000::", .public),
            ("2001:1::1", .protocolAssignments), ("2001:2::1", .benchmarking),
            ("2001:2:1::1", .protocolAssignments), ("2001:10::1", .protocolAssignments),
            ("2001:20::1", .protocolAssignments), ("2001:1ff:ffff::", .protocolAssignments),
            ("2001:200::", .public), ("2001:db7:ffff::", .public), ("2001:db8::", .documentation),
            ("2001:db8:ffff::1", .documentation), ("2001:db9::", .public), ("2003::1", .public),
            ("2606:4700::1111", .public), ("2620:4f:8000::1", .public), ("3ffe::1", .public),
            ("3fff::1", .documentation), ("3fff:fff:ffff::", .documentation),
            ("3fff:1000::", .public),
            ("4000::", .reserved), ("5f00::1", .reserved), ("fbff::1", .reserved),
            ("fc00::", .private),
            ("fd00:ec2::254", .private), ("fdff:ffff::", .private), ("fe00::1", .reserved),
            ("fe80::1", .linkLocal), ("febf:ffff::", .linkLocal), ("fec0::1", .reserved),
            ("feff::1", .reserved), ("ff00::", .multicast), ("ff02::1", .multicast),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .multicast),
        ] as [(String, AddressClass)]
    )
    func `IPv6 ranges begin and end where the registry says`(
        _ text: String,
        _ expected: AddressClass
    ) throws {
        try Self.check(text, expected)
    }

    @Test(
        arguments: [
            ("::7f00:1", .loopback), ("::127.0.0.1", .loopback), ("::8.8.8.8", .public),
            ("::10.1.2.3", .private), ("::ffff:127.0.0.1", .loopback), ("::0.0.0.2", .unspecified),
            ("::ffff:a9fe:a9fe", .linkLocal), ("64:ff9b::7f00:1", .loopback),
            ("64:ff9b::169.254.169.254", .linkLocal), ("64:ff9b::8.8.8.8", .public),
            ("64:ff9b::0.0.0.0", .unspecified), ("64:ff9b::1:0:0", .reserved),
            // NAT64 within an organisation, behind 96, 64, 56 and 48 bits.
            ("64:ff9b:1::7f00:1", .loopback), ("64:ff9b:1:8:a::169.254.169.254", .linkLocal),
            ("64:ff9b:1::8.8.8.8", .private), ("64:ff9b:1::", .unspecified),
            ("64:ff9b:1:8:7f:0:100:0", .loopback), ("64:ff9b:1:8:8:808:800:0", .private),
            ("64:ff9b:1:87f:8:808::", .loopback), ("64:ff9b:1:808:8:808::", .private),
            ("64:ff9b:1:e008:8:800::", .multicast), ("64:ff9b:1:808:8:800::", .private),
            // What follows the address is ignored, and no address of a host.
            ("64:ff9b:1:8:7f:0:108:808", .loopback), ("64:ff9b:1:7f:0:1:808:808", .loopback),
            ("64:ff9b:1:7f00:0:100:808:808", .loopback), ("64:ff9b:1:8:8:808:e000:0", .private),
            ("64:ff9b:1:8:0:1:a9fe:a9fe", .linkLocal),
            ("2002:7f00:1::", .loopback), ("2002:a00:1::1", .private), ("2002:808:808::1", .public),
            ("2002:a9fe:a9fe::", .linkLocal), ("2002:e000:1::", .multicast),
            // Teredo: a server and a client, the latter with every bit flipped.
            ("2001:0:808:808::f7f7:f7f7", .public), ("2001:0:808:808::80ff:fffe", .loopback),
            ("2001:0:7f00:1::f7f7:f7f7", .loopback), ("2001:0:a00:1:0:0:5601:5601", .linkLocal),
            ("2001:0:808:808::f5ff:fffe", .private), ("2001:0:808:808::", .broadcast),
            // ISATAP under any prefix.
            ("2606:4700::5efe:7f00:1", .loopback), ("2606:4700::200:5efe:10.0.0.1", .private),
            ("2606:4700::5efe:8.8.8.8", .public), ("2606:4700::100:5efe:10.0.0.1", .public),
            ("fe80::5efe:8.8.8.8", .linkLocal), ("fe80::5efe:224.0.0.1", .multicast),
            ("2002:808:808::5efe:10.0.0.1", .private), ("2002:7f00:1::5efe:10.0.0.1", .loopback),
        ] as [(String, AddressClass)]
    )
    func `IPv4 inside IPv6 is judged and the worst counts`(
        _ text: String,
        _ expected: AddressClass
    ) throws {
        try Self.check(text, expected)
    }
}

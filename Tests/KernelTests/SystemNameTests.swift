import Internet
import Kernel
import Testing

@Suite struct SystemNameTests {
    @Test func `a host is found by its name or its address`() {
        #expect(SystemName.address(of: "127.0.0.9") == Address(v4: 0x7f00_0009))
        #expect(SystemName.address(of: "::1") == Address(v6: 0, 1))
        let local = [Address(v4: 0x7f00_0001), Address(v6: 0, 1)]
        #expect(SystemName.address(of: "localhost").map { local.contains($0) } == true)
        #expect(SystemName.address(of: "no such host") == nil)
    }
}

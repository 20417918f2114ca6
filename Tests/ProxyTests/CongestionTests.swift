import Kernel
import Testing

import Proxy

@Suite struct CongestionTests {
    @Test func `only a system's choice that paces is overruled, and over loopback only`() {
        let overruled = CongestionChoice(.auto, system: "bbr")
        #expect(overruled.loopback != nil)
        #expect(overruled.distant == nil)
        for system in ["cubic", "reno", "dctcp", nil] {
            let kept = CongestionChoice(.auto, system: system)
            #expect(kept.loopback == nil && kept.distant == nil)
        }
    }

    @Test func `the system's choice stands where that is asked for`() {
        let kept = CongestionChoice(.system, system: "bbr")
        #expect(kept.loopback == nil && kept.distant == nil)
    }

    @Test func `a name holds everywhere`() {
        let named = CongestionChoice(.named("reno"), system: "bbr")
        #expect(named.loopback == CongestionControl("reno"))
        #expect(named.distant == CongestionControl("reno"))
    }

    @Test(arguments: ["", "sixteen-letters!", "two words", "caf\u{e9}"])
    func `what no kernel would call so is no algorithm`(name: String) {
        #expect(CongestionControl(name) == nil)
    }
}

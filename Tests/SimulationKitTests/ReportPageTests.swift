import Core
import Federation
import Foundation
import Gossip
import Testing

@testable import SimulationKit

/// The page of a small real run, in a real browser without a network.
@Suite(.timeLimit(.minutes(5)))
struct ReportPageTests {
    private static let divergences: [Divergence] = [.new(perMille: 0), .new(perMille: 100)]

    private func frontPage() throws -> ReportPage {
        let prepared = try Scenario(nodes: 8, events: 60, peersPerNode: 3).prepared(
            Self.divergences)
        let runs = prepared.divergences.flatMap { divergence in
            [SyncMethod.naive, .push, .mst, .gossipMST].map { prepared.run($0, divergence) }
        }
        return ReportPage(
            title: "Front <page>", records: SimulateReport(prepared, runs: runs).records,
            command: "federate simulate --nodes 8 </script>")
    }

    /// Twelve nodes with trees; two crash, one comes back, then the others are cut in two.
    private func faultyRun() throws -> ReportPage {
        var world = World.federation(12, seed: 4)
        for node in 0..<12 {
            world.schedule(
                .operate(world.nextToken(), .setGossip(GossipSettings(mode: .on, activeView: 4))),
                to: node, at: .zero)
        }
        world.run(until: .seconds(30))
        world.record()
        for number in 0..<60 {
            world.post("\(number)", at: number % 6, time: .seconds(30 + Double(number) / 4))
        }
        world.schedule(.crash(10), at: .seconds(33))
        world.schedule(.crash(11), at: .seconds(33))
        world.schedule(.start(10, from: .kept), at: .seconds(38))
        world.schedule(.partition((0..<12).map { $0 % 2 }), at: .seconds(40))
        world.schedule(.heal, at: .seconds(44))
        world.run(until: .seconds(80))
        var record = try #require(
            world.runRecord(RunLabel(scenario: "cut", method: "gossip", seed: 4)))
        record.verdict = "pass"
        return ReportPage(title: "cut", records: [record], command: "federate simulate")
    }

    @Test func aPageStandsAlone() throws {
        let page = try frontPage().html
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        #expect(page.contains("<title>Front &lt;page&gt;</title>"))
        #expect(!page.contains("{{"))
        // Nothing is loaded from anywhere; the namespace of SVG is no address to load.
        let links = page.replacing("http://www.w3.org/2000/svg", with: "")
        for word in ["http:", "https:", "src=", "@import", "url(", "<link"] {
            #expect(!links.contains(word), "\(word)")
        }
        // What looks like the end of a script in the data does not end it.
        #expect(page.components(separatedBy: "</script>").count == 3)
        #expect(page.contains("--nodes 8 \\u003c/script>"))
        #expect(page.utf8.count < 300_000)
    }

    @Test func aPageIsAFunctionOfItsRecords() throws {
        #expect(try frontPage().html == frontPage().html)
    }

    @Test func theFrontPageShowsEveryRunInABrowser() throws {
        guard let browser = Browser.find() else { return }
        let html = try frontPage().html
        let page = try browser.open(html, fragment: "v=10+%25&m=mst&e=-1&t=1")
        #expect(page.attribute("data-ready") == "yes")
        #expect(page.attribute("data-errors") == "0", "\(page.attribute("data-error") ?? "")")
        // A panel for each divergence, a bar in each for each method.
        #expect(page.count("data-chart=\"bytes\"") == 2)
        for method in ["naive", "push", "mst", "gossip+mst"] {
            #expect(page.count("data-bar=\"\(method)\"") == 2)
            #expect(page.count("data-line=\"\(method)\"") == 1)
            #expect(page.count("data-latency=\"\(method)\"") == 1)
            #expect(page.count("data-fair=\"\(method)\"") == 1)
            #expect(page.count("data-row=\"\(method)\"") == 2)
        }
        #expect(page.attribute("data-method") == "mst")
        #expect(page.attribute("data-nodes") == "8")
        #expect(page.attribute("data-full") == "8")
    }

    @Test func theSliderMovesTheNetworkThroughTime() throws {
        guard let browser = Browser.find() else { return }
        let html = try frontPage().html
        var full: [Int] = []
        var times: [Int] = []
        for moment in ["0", "0.5", "1"] {
            let page = try browser.open(
                html, fragment: "v=10+%25&m=gossip%2Bmst&e=0&t=\(moment)")
            #expect(page.attribute("data-errors") == "0")
            full.append(try #require(page.attribute("data-full").flatMap { Int($0) }))
            times.append(try #require(page.attribute("data-time").flatMap { Int($0) }))
        }
        #expect(full[0] == 0)
        #expect(full[1] > 0 && full[1] < 8)
        #expect(full[2] == 8)
        #expect(times == times.sorted() && times[0] < times[2])
    }

    @Test func faultsAreMarkedAndNodesGoDown() throws {
        guard let browser = Browser.find() else { return }
        let html = try faultyRun().html
        let page = try browser.open(html, fragment: "e=-1&t=0.3")
        #expect(page.attribute("data-errors") == "0", "\(page.attribute("data-error") ?? "")")
        for text in ["crash ×2", "start 10", "partition ×6", "heal"] {
            #expect(page.count("data-fault=\"\(text)\"") == 1, "\(text)")
        }
        let full = try #require(page.attribute("data-full").flatMap { Int($0) })
        #expect(full <= 10)
        #expect(page.text.contains("is down"))
        #expect(page.text.contains("deliveries among 12 nodes"))
    }
}

/// A Chromium without a screen.
private struct Browser {
    let path: String

    /// What a page was after its scripts had run.
    struct Page {
        let text: String

        /// The first attribute of this name in the document; the script's own text comes last.
        func attribute(_ name: String) -> String? {
            guard let start = text.range(of: " \(name)=\"") else { return nil }
            let rest = text[start.upperBound...]
            return rest.firstIndex(of: "\"").map { String(rest[..<$0]) }
        }

        func count(_ words: String) -> Int { text.components(separatedBy: words).count - 1 }
    }

    /// Nil where there is none, which is said.
    static func find() -> Browser? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        for name in ["chromium", "chromium-browser", "google-chrome"] {
            for folder in folders {
                let path = "\(folder)/\(name)"
                if FileManager.default.isExecutableFile(atPath: path) { return Browser(path: path) }
            }
        }
        FileHandle.standardError.write(Data("skipped: there is no chromium here\n".utf8))
        return nil
    }

    func open(_ html: String, fragment: String) throws -> Page {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("report-page-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // What is left in a temporary folder harms nobody.
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("page.html")
        try html.write(to: file, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--user-data-dir=\(folder.path)/profile", "--host-resolver-rules=MAP * ~NOTFOUND",
            "--window-size=1280,2400", "--virtual-time-budget=2000", "--dump-dom",
            file.absoluteString + "#" + fragment,
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return Page(text: String(decoding: data, as: UTF8.self))
    }
}

import Foundation

/// Test vectors of others, which lie beside the package where somebody has put them there.
enum Vectors {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../../shared/vectors").standardizedFileURL

    static var arePresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

    static func load<Content: Decodable>(_ name: String, as: Content.Type) throws -> Content {
        let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
        return try JSONDecoder().decode(Content.self, from: bytes)
    }
}

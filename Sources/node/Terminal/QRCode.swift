import CQREncode

/// A QR code (ISO/IEC 18004) as characters: two modules, one above the other, in each.
struct QRCode {
    /// Modules a side, without the quiet zone.
    let width: Int
    /// Row by row.
    private let isDark: [Bool]

    /// How it is drawn.
    enum Style {
        /// Black on white by explicit colours, whatever the terminal's own are.
        case colours
        /// Ink for dark modules, as on paper.
        case plain
    }

    /// Light modules that a reader needs around the code, by the standard.
    static let quietZone = 4

    /// The smallest code that holds `text`; nil where it is longer than any can hold (about 4,000
    /// digits and capitals). With the least correction: a screen has no stains.
    init?(_ text: String) {
        // Case-sensitive: the library then packs capitals and digits densely where it can.
        guard let code = unsafe QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1) else {
            return nil
        }
        defer { unsafe QRcode_free(code) }
        width = Int(unsafe code.pointee.width)
        // Bit 0 of each byte is the module.
        isDark = (0..<width * width).map { unsafe code.pointee.data[$0] & 1 == 1 }
    }

    /// Columns that it takes on a terminal.
    var columns: Int { width + 2 * Self.quietZone }

    /// The lines to print.
    func lines(_ style: Style) -> [String] {
        let rows = -Self.quietZone..<width + Self.quietZone
        return stride(from: rows.lowerBound, to: rows.upperBound, by: 2).map { row in
            let characters = rows.map { column in
                switch (isDark(row, column), isDark(row + 1, column)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }.joined()
            // 16 and 231 are black and white in every palette of 256.
            return style == .plain
                ? characters : "\u{1b}[38;5;16;48;5;231m\(characters)\u{1b}[0m"
        }
    }

    private func isDark(_ row: Int, _ column: Int) -> Bool {
        (0..<width).contains(row) && (0..<width).contains(column) && isDark[row * width + column]
    }
}

import Core
import FederationAPI
import Foundation

/// A node's certificate that OpenSSL made, so that it is the same in every run (ECDSA signs the
/// same thing differently each time).
enum SampleCertificate {
    static let node = Samples.key(4).node

    /// SHA-256 of its SubjectPublicKeyInfo, by OpenSSL.
    static let tlsKey = Digest(
        hex: "d22f8e66c11b89a7f810a2af8cccd942c99d648dd61054476c86a78f5cde0fdb")

    /// Within its year, 2026-11-26 to 2027-11-26.
    static let date = Date(timeIntervalSince1970: 1_800_000_000)

    /// In DER.
    static let bytes = Base64URL.decode(text) ?? []

    private static let text = [
        "MIICezCCAiGgAwIBAgIUatHV4LNlAWDxYIUpngCyypUs35YwCgYIKoZIzj0EAwIwSzFJMEcGA1UEAwxAY2E5M2Fj",
        "MTcwNTE4NzA3MWQ2N2I4M2M3ZmYwZWZlODEwOGU4ZWM0NTMwNTc1ZDc3MjY4NzkzMzNkYmRhYmU3YzAeFw0yNjEx",
        "MjYwMDI0NDJaFw0yNzExMjYwMDI0NDJaMEsxSTBHBgNVBAMMQGNhOTNhYzE3MDUxODcwNzFkNjdiODNjN2ZmMGVm",
        "ZTgxMDhlOGVjNDUzMDU3NWQ3NzI2ODc5MzMzZGJkYWJlN2MwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATBEivm",
        "cxDdvk2GiIZwIrk-WidJnA98U9neSNshp81bzhGTXISsZoShuNet4_lwzhLShW6RwEJyL4U1PBEc3gkeo4HiMIHf",
        "MAwGA1UdEwEB_wQCMAAwDgYDVR0PAQH_BAQDAgeAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMIGKBiAqhkiG9xQBvkCT",
        "eqc_-ACD91iBm3aCiUWCr5YfgpfeHQRmMGQEIMqTrBcFGHBx1nuDx_8O_oEI6OxFMFdddyaHkzPb2r58BEArvXsB",
        "5Rah2XFQxVbbamuiTJTa3SfG9s00FHfJd78EvSGLwRMsF6r17A9JjFa11sb7VK7HrsZUhlHw2eFLKEkCMB0GA1Ud",
        "DgQWBBS8Q9ACR6Gao4hniJ5vz3vznZZqsjAKBggqhkjOPQQDAgNIADBFAiEAhfGB6rrA5wnPKU7EedTN544z6WmH",
        "5UYY0oOP6tZD9hICIAcW9XNqBV8sjv__6S4qSXui3b_-_mplUxmXdce35ur9",
    ].joined()

    /// A certificate for servers that show none.
    static let own = attempt { () throws(IdentityError) in
        try NodeCertificate.make(for: Samples.key(2), now: date)
    }
}

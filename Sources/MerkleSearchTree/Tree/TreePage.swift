package import Core

/// A page as it stands in the tree, for those who compare ways to walk it; a fan is a page without
/// keys.
package struct TreePage {
    private let node: MerkleSearchTree.Node

    init(_ node: MerkleSearchTree.Node) { self.node = node }

    package var digest: Digest { node.digest }
    package var isEmpty: Bool { node.isEmpty }
    package var keys: [EventKey] { node.keys }
    package var children: [TreePage] { node.children.map(TreePage.init) }
}

extension MerkleSearchTree {
    package var rootPage: TreePage { TreePage(top) }
}

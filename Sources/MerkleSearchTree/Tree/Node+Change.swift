import Core

/// Adding and removing one key in place. Digests along the path go stale; `settle` mends them.
extension TreeNode {
    /// Adds `key`, whose level is `height`; false where it was there.
    mutating func insert(_ key: Key, height: Int8) -> Bool {
        if isEmpty {
            self = Node(key, level: height)
            return true
        }
        if height > level {
            let (low, high) = split(at: key)
            self = Node(level: height, keys: [key], children: [low, high])
            return true
        }
        return isFan ? insertIntoFan(key, height) : insertIntoPage(key, height)
    }

    private mutating func insertIntoPage(_ key: Key, _ height: Int8) -> Bool {
        let place = place(of: key)
        if height < level {
            if children.isEmpty { children = gaps }
            guard children[place].insert(key, height: height) else { return false }
            count += 1
            isStale = true
            return true
        }
        if place < keys.count, keys[place] == key { return false }
        keys.insert(key, at: place)
        if !children.isEmpty {
            let (low, high) = children[place].split(at: key)
            children[place] = low
            children.insert(high, at: place + 1)
        }
        width += 1
        count += 1
        isStale = true
        if keys.count > Scheme.widestPage {
            self = Self.seal(level: level, keys: keys, children: children)
        }
        return true
    }

    private mutating func insertIntoFan(_ key: Key, _ height: Int8) -> Bool {
        let shared = Scheme.sharedDigits(key, first)
        if shared < prefix {
            let single = Node(key, level: height)
            self = Node(prefix: shared, parts: key < first ? [single, self] : [self, single])
            return true
        }
        let digit = Scheme.digit(of: key, at: Int(prefix))
        let place = Int(prefix)
        let part =
            children.indices.first { Scheme.digit(of: children[$0].first, at: place) >= digit }
            ?? children.count
        if part < children.count, Scheme.digit(of: children[part].first, at: place) == digit {
            guard children[part].insert(key, height: height) else { return false }
        } else {
            children.insert(Node(key, level: height), at: part)
        }
        if height == level { width += 1 }
        count += 1
        isStale = true
        return true
    }

    /// Takes `key` out; false where it was not there.
    mutating func remove(_ key: Key) -> Bool {
        guard !isEmpty else { return false }
        return isFan ? removeFromFan(key) : removeFromPage(key)
    }

    private mutating func removeFromPage(_ key: Key) -> Bool {
        let place = place(of: key)
        guard place < keys.count, keys[place] == key else {
            guard !children.isEmpty, children[place].remove(key) else { return false }
            self = Node(level: level, keys: keys, children: children)
            return true
        }
        let middle = Self.join(gap(place), gap(place + 1))
        var (keys, children) = (keys, gaps)
        keys.remove(at: place)
        children.replaceSubrange(place...(place + 1), with: [middle])
        self = keys.isEmpty ? middle : Node(level: level, keys: keys, children: children)
        return true
    }

    private mutating func removeFromFan(_ key: Key) -> Bool {
        let part = part(for: key)
        guard part < children.count, children[part].remove(key) else { return false }
        self = Self.fan(prefix: Int(prefix), parts: children)
        return true
    }
}

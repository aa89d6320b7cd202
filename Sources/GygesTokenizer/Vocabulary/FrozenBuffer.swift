/// Memory that is filled once and only read afterwards, so that loops over it pay neither for bounds nor for reference counts.
///
/// Callers index ``base`` themselves and answer for the bounds.
///
/// Sendable although it holds a pointer: nothing writes through it after the initialiser returns, and the memory lives
/// as long as this object.
package final class FrozenBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    /// The first element; valid for `count` elements while this object lives.
    package let base: UnsafePointer<Element>
    /// The number of elements.
    package let count: Int

    /// Copies an array.
    @inlinable package init(_ elements: [Element]) {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        elements.withUnsafeBufferPointer {
            if let base = $0.baseAddress { memory.initialize(from: base, count: $0.count) }
        }
        base = UnsafePointer(memory)
        count = elements.count
    }

    /// Creates `count` elements equal to `value`, which `fill` then changes in place.
    @inlinable package init(repeating value: Element, count: Int, fill: (UnsafeMutablePointer<Element>) -> Void) {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
        memory.initialize(repeating: value, count: count)
        fill(memory)
        base = UnsafePointer(memory)
        self.count = count
    }

    deinit { base.deallocate() }
}

/// Keys and values of earlier passes, layer by layer, as an interpreter keeps them.
public protocol AttentionCache {
    /// What attention needs of one layer.
    associatedtype Layer

    /// The view of one layer, numbered from 0.
    func layer(_ index: Int) -> Layer
}

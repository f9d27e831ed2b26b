using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>Number format in which keys and values of earlier tokens are kept.</summary>
public enum CacheForm
{
    Fp32,

    /// <summary>Rounded to bfloat16: half the memory.</summary>
    Bf16,

    /// <summary>A byte for each number, and a scale for each token of a head: a quarter.</summary>
    Int8,
}

/// <summary>
/// Keys and values of the tokens that sequences have seen, in pages of <see cref="PageTokens"/> tokens (Kwon et al. 2023): a sequence
/// takes pages as it grows and gives them back, so none reserves memory for the longest text. A page holds all layers; a head of
/// it has its keys as [width, tokens], so that one number of a query meets a register of keys, and its values as [tokens, width].
/// </summary>
/// <remarks>Not for several threads at once, but for what kernels do with it.</remarks>
public sealed unsafe class KeyValueCache
{
    public const int PageTokens = 64;

    // Values of a token fill whole registers, whichever the family has.
    const int Register = 16;

    readonly AttentionForm[] _layers;

    // Of each layer, in bytes from the start of a page.
    readonly long[] _starts;
    readonly Stack<Tensor> _free = new();
    int _pages;

    /// <param name="layers">Attention of each layer.</param>
    public KeyValueCache(CacheForm form, IEnumerable<AttentionForm> layers)
    {
        Form = form;
        _layers = [.. layers];
        _starts = new long[_layers.Length + 1];
        for (int i = 0; i < _layers.Length; i++)
        {
            _starts[i + 1] = _starts[i] + KeyHeads(i) * HeadBytes(_layers[i].Width);
        }
    }

    public CacheForm Form { get; }

    /// <summary>Memory of all pages, those that nobody holds among them.</summary>
    public long Bytes => _pages * PageBytes;

    public long PageBytes => _starts[^1];

    internal AttentionForm LayerOf(int layer) => _layers[layer];

    internal int KeyHeads(int layer) => _layers[layer].Heads / _layers[layer].Group;

    /// <summary>Numbers from one token's values to the next one's.</summary>
    internal static int PaddedWidth(int width) => (width + Register - 1) / Register * Register;

    int NumberBytes =>
        Form switch
        {
            CacheForm.Fp32 => 4,
            CacheForm.Bf16 => 2,
            _ => 1,
        };

    long HeadBytes(int width) =>
        (long)NumberBytes * PageTokens * (width + PaddedWidth(width))
        + (Form == CacheForm.Int8 ? 2 * sizeof(float) * PageTokens : 0);

    internal Tensor Rent()
    {
        if (_free.TryPop(out Tensor? page))
        {
            return page;
        }

        _pages++;
        return new Tensor((int)(PageBytes / sizeof(float)));
    }

    internal void Return(Tensor page) => _free.Push(page);

    /// <summary>Where a head of a page lies.</summary>
    internal CachedHead Head(Tensor page, int layer, int keyHead)
    {
        int width = _layers[layer].Width,
            padded = PaddedWidth(width);
        byte* keys = (byte*)page.Address() + _starts[layer] + keyHead * HeadBytes(width);
        byte* values = keys + NumberBytes * PageTokens * width;
        float* scales = (float*)(values + NumberBytes * PageTokens * padded);
        return new CachedHead(Form, width, padded, keys, values, scales);
    }
}

/// <summary>One sequence's tokens in a cache.</summary>
public sealed class Past(KeyValueCache cache)
{
    Tensor[] _pages = [];
    int _held;

    internal KeyValueCache Cache { get; } = cache;

    /// <summary>Tokens whose keys and values are there.</summary>
    public int Length { get; private set; }

    /// <summary>Tokens that the pages it holds have room for.</summary>
    public int Room => _held * KeyValueCache.PageTokens;

    /// <summary>Takes pages until so many tokens more have room.</summary>
    public void Reserve(int tokens)
    {
        int pages = (Length + tokens + KeyValueCache.PageTokens - 1) / KeyValueCache.PageTokens;
        if (pages > _pages.Length)
        {
            Array.Resize(ref _pages, Math.Max(pages, 2 * _pages.Length));
        }

        while (_held < pages)
        {
            _pages[_held++] = Cache.Rent();
        }
    }

    /// <summary>Tokens that attention has written in every layer belong to the past from now on.</summary>
    public void Advance(int tokens) => Length += tokens;

    /// <summary>Forgets all but the first tokens; the pages stay for those that come.</summary>
    public void Keep(int tokens) => Length = Math.Min(Length, tokens);

    /// <summary>Forgets everything and gives the pages back.</summary>
    public void Clear()
    {
        while (_held > 0)
        {
            Cache.Return(_pages[--_held]);
        }

        Length = 0;
    }

    internal CachedHead Head(int page, int layer, int keyHead) =>
        Cache.Head(_pages[page], layer, keyHead);
}

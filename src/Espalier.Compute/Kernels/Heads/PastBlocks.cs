using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Heads;

/// <summary>
/// Attention over the pages of a cache, one head of keys of one sequence at a time: it writes the new tokens to their places, and
/// then all heads of queries that share it meet each page once. Pages lie as the products want them, so nothing is
/// copied in fp32; other forms become fp32 a page at a time.
/// </summary>
readonly unsafe struct PastBlocks<T> : IBlocks
    where T : struct, ILanes<T>
{
    const int Tokens = KeyValueCache.PageTokens;
    const int Tile = AttentionShape.Tile;

    // Multiply-adds that take a thread a few microseconds.
    const long WorthAJob = 1 << 18;

    readonly PastCall _call;
    readonly Tensor _y;
    readonly int _keyHeads;
    readonly int _items;
    readonly int _itemsPerJob;

    public PastBlocks(in PastCall call, Tensor y)
    {
        (_call, _y) = (call, y);
        AttentionForm form = call.Form;
        _keyHeads = form.Heads / form.Group;
        _items = call.Sequences.Count * _keyHeads;
        long pairs = 0;
        for (int s = 0; s < call.Sequences.Count; s++)
        {
            pairs +=
                (long)call.Sequences.RowsOf(s)
                * Math.Min(call.KeysOf(s), form.Reach ?? int.MaxValue);
        }

        long perItem = Math.Max(1, 2 * pairs * form.Heads * form.Width / Math.Max(1, _items));
        _itemsPerJob = (int)Math.Clamp(WorthAJob / perItem, 1, Math.Max(1, _items));
    }

    public int Jobs => (_items + _itemsPerJob - 1) / _itemsPerJob;

    public void Run(int job)
    {
        int past = Math.Min(_items, (job + 1) * _itemsPerJob);
        for (int i = job * _itemsPerJob; i < past; i++)
        {
            var (s, keyHead) = Math.DivRem(i, _keyHeads);
            Write(s, keyHead);
            Attend(s, keyHead);
        }
    }

    static float* Row(Columns columns, int row) =>
        columns.Tensor.Address() + (nint)row * columns.Stride + columns.Offset;

    void Write(int s, int keyHead)
    {
        Past past = _call.Pasts[s];
        int start = _call.Sequences.Starts[s],
            column = keyHead * _call.Form.Width;
        for (int t = 0; t < _call.Sequences.RowsOf(s); t++)
        {
            var (page, token) = Math.DivRem(_call.PlaceOf(s, t), Tokens);
            past.Head(page, _call.Layer, keyHead)
                .Write(
                    token,
                    Row(_call.Keys, start + t) + column,
                    Row(_call.Values, start + t) + column
                );
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Attend(int s, int keyHead)
    {
        PastCall call = _call;
        AttentionForm form = call.Form;
        Past past = call.Pasts[s];
        int group = form.Group,
            width = form.Width,
            padded = KeyValueCache.PaddedWidth(width),
            start = _call.Sequences.Starts[s],
            rows = _call.Sequences.RowsOf(s),
            keys = _call.KeysOf(s),
            stride = (keys + Tokens - 1) / Tokens * Tokens,
            most = Math.Min(Tile, rows * group);

        // Queries and results of a tile as rows without gaps, its scores, and a page in fp32.
        float* queries = Scratch.ForBlock(most * (2 * padded + stride) + 2 * Tokens * padded);
        float* sums = queries + most * padded;
        float* scores = sums + most * padded;
        float* wideKeys = scores + most * stride;
        float* wideValues = wideKeys + Tokens * padded;

        // A row is a head of a token; the heads of a token stand together.
        for (int row = 0; row < rows * group; row += Tile)
        {
            int tile = Math.Min(Tile, rows * group - row),
                firstPage = Seen(row).First / Tokens,
                lastPage = (Seen(row + tile - 1).Past - 1) / Tokens,
                from = firstPage * Tokens,
                count = Math.Min(keys, (lastPage + 1) * Tokens) - from;
            for (int r = 0; r < tile; r++)
            {
                var (token, head) = Math.DivRem(row + r, group);
                Buffer.MemoryCopy(
                    Row(_call.Queries, start + token) + (keyHead * group + head) * width,
                    queries + r * width,
                    4L * width,
                    4L * width
                );
            }

            for (int page = firstPage; page <= lastPage; page++)
            {
                CachedHead head = past.Head(page, _call.Layer, keyHead);
                float* to = scores + (page - firstPage) * Tokens;
                float* here = Wide(head.Form, head.Keys, wideKeys, width * Tokens);
                SmallProduct<T>.Multiply(
                    new Lines(queries, width),
                    new Lines(here, Tokens),
                    new Lines(to, stride),
                    tile,
                    Tokens,
                    width
                );
                if (head.Form == CacheForm.Int8)
                {
                    Scale(to, stride, tile, head.Scales);
                }
            }

            // Behind the last key, up to the end of its register, may lie what is no number: of a text that had the page before.
            int whole = AttentionShape.Padded<T>(count);
            Blind(scores, stride, row, tile, from, whole, AttentionForwardBlocks<T>.Unseen);
            AttentionForwardBlocks<T>.Softmax(
                scores,
                tile,
                stride,
                count,
                form.Scale ?? 1 / MathF.Sqrt(width)
            );
            Blind(scores, stride, row, tile, from, whole, 0);
            for (int page = firstPage; page <= lastPage; page++)
            {
                CachedHead head = past.Head(page, _call.Layer, keyHead);
                int live = Math.Min(Tokens, keys - page * Tokens);
                float* shares = scores + (page - firstPage) * Tokens;
                if (head.Form == CacheForm.Int8)
                {
                    Scale(shares, stride, tile, head.Scales + Tokens);
                }

                float* here = Wide(head.Form, head.Values, wideValues, live * padded);
                SmallProduct<T>.Multiply(
                    new Lines(shares, stride),
                    new Lines(here, padded),
                    new Lines(sums, padded),
                    tile,
                    padded,
                    live,
                    page > firstPage
                );
            }

            for (int r = 0; r < tile; r++)
            {
                var (token, head) = Math.DivRem(row + r, group);
                Buffer.MemoryCopy(
                    sums + r * padded,
                    Row(new Columns(_y), start + token) + (keyHead * group + head) * width,
                    4L * width,
                    4L * width
                );
            }
        }

        // What the token of a row sees: as many keys as queries, so that its place is its own.
        (int First, int Past) Seen(int row) => form.Seen(call.PlaceOf(s, row / group), keys, keys);

        // Writes a number in place of what the rows' tokens do not see of keys from on.
        void Blind(float* at, int distance, int row, int tile, int from, int count, float number)
        {
            for (int r = 0; r < tile; r++)
            {
                var (first, end) = Seen(row + r);
                float* line = at + r * distance;
                new Span<float>(line, first - from).Fill(number);
                new Span<float>(line + end - from, from + count - end).Fill(number);
            }
        }
    }

    /// <summary>Each of a page's columns times its token's scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Scale(float* at, int stride, int rows, float* scales)
    {
        for (int r = 0; r < rows; r++, at += stride)
        {
            for (int j = 0; j < Tokens; j += T.Count)
            {
                (T.Load(at + j) * T.Load(scales + j)).Store(at + j);
            }
        }
    }

    /// <summary>Numbers of a page as fp32, where they lie or copied; a multiple of 16 of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float* Wide(CacheForm form, byte* from, float* to, int count)
    {
        switch (form)
        {
            case CacheForm.Fp32:
                return (float*)from;
            case CacheForm.Bf16:
                for (int i = 0; i < count; i += 8)
                {
                    Vector256<int> bits = Avx2.ConvertToVector256Int32((ushort*)from + i);
                    Avx2.ShiftLeftLogical(bits, 16).AsSingle().Store(to + i);
                }

                return to;
            default:
                for (int i = 0; i < count; i += 8)
                {
                    Vector256<int> whole = Avx2.ConvertToVector256Int32((sbyte*)from + i);
                    Avx.ConvertToVector256Single(whole).Store(to + i);
                }

                return to;
        }
    }
}

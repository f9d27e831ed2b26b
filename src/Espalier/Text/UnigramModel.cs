using System.Buffers;
using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>The settings of a Unigram tokenizer: of all ways to cut a word into pieces, the one with the highest sum of scores.</summary>
sealed record UnigramModel(PieceTrie Pieces, IReadOnlyList<double> Scores, int UnknownId)
    : SentencePieceModel
{
    const double UnknownPenalty = 10;

    // A copy with fewer pieces keeps it, as its lowest score is the same.
    readonly double _unknownScore = Scores.Min() - UnknownPenalty;

    /// <summary>Ids of the 256 bytes, in which what is unknown is spelt; null: it is unknown.</summary>
    public IReadOnlyList<int>? Bytes { get; init; }

    public override void Cut(ReadOnlySpan<char> text, List<Token> tokens)
    {
        Node[] nodes = ArrayPool<Node>.Shared.Rent(text.Length + 1);
        Forward(text, nodes);
        for (int end = text.Length; end > 0; end = nodes[end].Start)
        {
            nodes[nodes[end].Start].Next = end;
        }

        for (int start = 0, end; start < text.Length; start = end)
        {
            end = nodes[start].Next;
            int id = nodes[end].Id;
            if (id != UnknownId)
            {
                tokens.Add(new Token(id, start, end));
                continue;
            }

            while (end < text.Length && nodes[nodes[end].Next].Id == UnknownId)
            {
                end = nodes[end].Next; // one token, however long
            }

            Unknown(text, start, end, tokens);
        }

        ArrayPool<Node>.Shared.Return(nodes);
    }

    // Viterbi: for every place the best way to get there. Equal ways: the one that was found first.
    void Forward(ReadOnlySpan<char> text, Span<Node> nodes)
    {
        nodes[..(text.Length + 1)].Fill(new Node { Score = double.NegativeInfinity, Start = -1 });
        nodes[0].Score = 0;
        for (int start = 0, width; start < text.Length; start += width)
        {
            width = char.IsHighSurrogate(text[start]) ? 2 : 1; // normalized text has pairs only
            double before = nodes[start].Score;
            bool single = false;
            for (int at = start, node = 0; at < text.Length; at++)
            {
                node = Pieces.Step(node, text[at]);
                if (node == 0)
                {
                    break;
                }

                if (Pieces[node] is int id and >= 0)
                {
                    Offer(ref nodes[at + 1], before + Scores[id], start, id);
                    single |= at + 1 - start == width;
                }
            }

            if (!single)
            {
                Offer(ref nodes[start + width], before + _unknownScore, start, UnknownId);
            }
        }
    }

    static void Offer(ref Node node, double score, int start, int id)
    {
        if (node.Start < 0 || score > node.Score)
        {
            (node.Score, node.Start, node.Id) = (score, start, id);
        }
    }

    void Unknown(ReadOnlySpan<char> text, int start, int end, List<Token> tokens)
    {
        int node = 0;
        for (int at = start; at < end && (at == start || node > 0); at++)
        {
            node = Pieces.Step(node, text[at]);
        }

        int id = node > 0 ? Pieces[node] : -1; // several unknown characters may be a token together
        if (id >= 0 || Bytes is null)
        {
            tokens.Add(new Token(id >= 0 ? id : UnknownId, start, end));
            return;
        }

        foreach (byte value in System.Text.Encoding.UTF8.GetBytes(text[start..end].ToArray()))
        {
            tokens.Add(new Token(Bytes[value], start, end));
        }
    }

    struct Node
    {
        public double Score;
        public int Start;
        public int Id;
        public int Next;
    }
}

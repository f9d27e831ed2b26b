namespace Espalier.Text.Pieces;

/// <summary>BERT's cleaning: control characters, Chinese characters, accents, case.</summary>
sealed record BertNormalizer(bool Clean, bool SpaceChinese, bool StripAccents, bool Lowercase)
    : Normalizer
{
    static readonly Normalizer WithoutAccents = new NormalizerSequence([
        new UnicodeForm(Compatible: false, Composes: false),
        new Dropping(CodePoint.Mark),
    ]);

    static readonly Normalizer LowerCase = new Lowercasing();

    public override AlignedText Apply(AlignedText text)
    {
        AlignedText result = Clean || SpaceChinese ? Cleaned(text) : text;
        result = StripAccents ? WithoutAccents.Apply(result) : result;
        return Lowercase ? LowerCase.Apply(result) : result;
    }

    AlignedText Cleaned(AlignedText text)
    {
        AlignedText.Rewriting rewriting = new(text);
        while (!rewriting.IsDone)
        {
            int code = rewriting.Next();
            CodePoint kind = UnicodeTable.Of(code);
            if (Clean && (kind & CodePoint.Removed) != 0)
            {
                continue;
            }

            if (Clean && (kind & CodePoint.Blank) != 0)
            {
                code = ' ';
            }

            bool apart = SpaceChinese && (kind & CodePoint.Chinese) != 0;
            foreach (int put in apart ? (ReadOnlySpan<int>)[' ', code, ' '] : [code])
            {
                rewriting.Beside(put);
            }
        }

        return rewriting.Result;
    }
}

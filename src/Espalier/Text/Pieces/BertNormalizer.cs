namespace Espalier.Text.Pieces;

/// <summary>BERT's cleaning: control characters, Chinese characters, accents, case.</summary>
sealed record BertNormalizer(bool Clean, bool SpaceChinese, bool StripAccents, bool Lowercase)
{
    /// <summary>Cleans <paramref name="text"/>; origins count from <paramref name="offset"/>.</summary>
    public AlignedText Normalize(ReadOnlySpan<char> text, int offset)
    {
        AlignedText result = new(text.Length + (text.Length >> 3));
        Canonical? canonical = StripAccents ? new Canonical(this, result) : null;
        for (int at = 0, units; at < text.Length; at += units)
        {
            int code = AlignedText.Read(text, at, out units);
            CodePoint kind = UnicodeTable.Of(code);
            (int, int) origin = (offset + at, offset + at + units);
            if (Clean && (kind & (CodePoint.Removed | CodePoint.Blank)) != 0)
            {
                if ((kind & CodePoint.Removed) != 0)
                {
                    continue;
                }

                code = ' ';
            }

            if (SpaceChinese && (kind & CodePoint.Chinese) != 0)
            {
                Put(canonical, result, ' ', origin);
                Put(canonical, result, code, origin);
                Put(canonical, result, ' ', origin);
            }
            else
            {
                Put(canonical, result, code, origin);
            }
        }

        canonical?.Flush();
        return result;
    }

    void Put(Canonical? canonical, AlignedText result, int code, (int, int) origin)
    {
        if (canonical is null)
        {
            Lower(result, code, origin);
        }
        else
        {
            canonical.Add(code, origin);
        }
    }

    void Lower(AlignedText result, int code, (int, int) origin)
    {
        if (Lowercase && UnicodeTable.Is(code, CodePoint.Lowers))
        {
            foreach (int lower in UnicodeTable.Lower(code))
            {
                result.Add(lower, origin);
            }
        }
        else
        {
            result.Add(code, origin);
        }
    }

    /// <summary>
    /// Canonical decomposition with the marks put in order. Origins are handed out in the order of
    /// the result, not of the text: that is how the reference aligns marks that change places.
    /// </summary>
    sealed class Canonical(BertNormalizer owner, AlignedText result)
    {
        readonly List<(int Class, int Order, int Code, bool Inserted)> _marks = [];
        readonly Queue<(int, int)> _origins = [];
        (int, int) _last;

        public void Add(int code, (int, int) origin)
        {
            if (_marks.Count == 0 && !UnicodeTable.Is(code, CodePoint.Decomposes))
            {
                _last = origin;
                Emit(code, origin);
                return;
            }

            Span<int> parts = stackalloc int[4];
            int count = UnicodeTable.Decompose(code, parts);
            _origins.Enqueue(origin);
            for (int i = 0; i < count; i++)
            {
                int order = UnicodeTable.Class(parts[i]);
                if (order != 0)
                {
                    _marks.Add((order, _marks.Count, parts[i], i > 0));
                    continue;
                }

                Flush();
                Take(parts[i], i > 0);
            }
        }

        public void Flush()
        {
            if (_marks.Count == 0)
            {
                return;
            }

            _marks.Sort(); // by class, then by place
            foreach ((_, _, int code, bool inserted) in _marks)
            {
                Take(code, inserted);
            }

            _marks.Clear();
        }

        void Take(int code, bool inserted)
        {
            if (!inserted)
            {
                _last = _origins.Dequeue();
            }

            Emit(code, _last);
        }

        void Emit(int code, (int, int) origin)
        {
            if (!UnicodeTable.Is(code, CodePoint.Mark))
            {
                owner.Lower(result, code, origin);
            }
        }
    }
}

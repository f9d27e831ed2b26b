using System.Text;

namespace Espalier.Text.Pieces;

/// <summary>NFD, NFKD, NFC and NFKC: decomposed, canonically or compatibly, and perhaps composed again.</summary>
sealed record UnicodeForm(bool Compatible, bool Composes) : Normalizer
{
    public override AlignedText Apply(AlignedText text)
    {
        if (Ascii.IsValid(text.Units))
        {
            return text;
        }

        Pass pass = new(text, Composes);
        Span<int> parts = stackalloc int[UnicodeTable.MostParts];
        for (int at = 0, units; at < text.Length; at += units)
        {
            int code = AlignedText.Read(text.Units, at, out units);
            if (code < 0x80)
            {
                pass.Add(code, 0, 0);
                continue;
            }

            int count = UnicodeTable.Decompose(code, Compatible, parts);
            for (int i = 0; i < count; i++)
            {
                pass.Add(parts[i], UnicodeTable.Class(parts[i]), i == 0 ? 0 : 1);
            }
        }

        return pass.Finish();
    }

    /// <summary>
    /// Marks wait until the next starter, and are put in the order of their classes. Origins are
    /// handed out in the order of the result, as the reference aligns marks that change places.
    /// </summary>
    ref struct Pass(AlignedText source, bool composes)
    {
        readonly List<(int Class, int Order, int Code, int Change)> _marks = [];
        readonly List<(int Code, int Change)> _blocked = []; // marks that did not join the starter
        AlignedText.Rewriting _result = new(source);
        (int Code, int Change)? _starter;
        int _lastClass = -1; // of the blocked marks; below 0: there are none

        public void Add(int code, int order, int change)
        {
            if (order > 0)
            {
                _marks.Add((order, _marks.Count, code, change));
                return;
            }

            Flush();
            Take(code, 0, change);
        }

        public AlignedText Finish()
        {
            Flush();
            EndStarter();
            return _result.Result;
        }

        void Flush()
        {
            if (_marks.Count > 1)
            {
                _marks.Sort(); // by class, then by place
            }

            foreach ((int order, _, int code, int change) in _marks)
            {
                Take(code, order, change);
            }

            _marks.Clear();
        }

        void Take(int code, int order, int change)
        {
            if (!composes || _starter is null && order > 0)
            {
                _result.Put(code, change);
            }
            else if (_starter is not { } starter)
            {
                _starter = (code, change);
            }
            else if (
                _lastClass < order
                && UnicodeTable.Compose(starter.Code, code) is int made and >= 0
            )
            {
                _starter = (made, starter.Change + change - 1);
            }
            else if (order == 0)
            {
                EndStarter();
                _starter = (code, change);
            }
            else
            {
                _blocked.Add((code, change));
                _lastClass = order;
            }
        }

        void EndStarter()
        {
            if (_starter is { } starter)
            {
                _result.Put(starter.Code, starter.Change);
            }

            foreach ((int code, int change) in _blocked)
            {
                _result.Put(code, change);
            }

            _blocked.Clear();
            (_starter, _lastClass) = (null, -1);
        }
    }
}

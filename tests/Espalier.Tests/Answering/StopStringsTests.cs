using Espalier.Answering;
using Espalier.Tensors;

namespace Espalier.Tests.Answering;

public sealed class StopStringsTests
{
    [Fact]
    public void Text_ends_in_front_of_the_first_stop_string_however_it_is_cut()
    {
        Rng rng = new(7);
        ulong drawn = 0;
        for (int round = 0; round < 2000; round++)
        {
            string text = string.Concat(
                Enumerable.Range(0, 30).Select(_ => "ab\n#"[rng.Below(4, drawn++)])
            );
            string[] stops = ["\n\n", "ab#", "##a"];
            int[] found = [.. stops.Select(s => text.IndexOf(s, StringComparison.Ordinal))];
            int end = found.Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();

            StopStrings stop = new(stops);
            string shown = "";
            for (int at = 0; at < text.Length; )
            {
                int next = Math.Min(text.Length, at + 1 + rng.Below(4, drawn++));
                shown += stop.Add(text[at..next]);
                at = next;
            }

            shown += stop.Finish();
            Assert.Equal(text[..end], shown);
            Assert.Equal(end < text.Length, stop.Met);
        }
    }

    [Fact]
    public void Only_what_may_begin_a_stop_string_is_held_back()
    {
        StopStrings stop = new(["END"]);

        Assert.Equal("the ", stop.Add("the E"));
        Assert.Equal("E", stop.Add("E"));
        Assert.Equal("Ex", stop.Add("x"));
        Assert.Equal("", stop.Add("EN"));
        Assert.Equal("EN", stop.Finish());
        Assert.False(stop.Met);
    }

    [Fact]
    public void An_empty_stop_string_is_refused() =>
        Assert.Contains(
            "empty",
            Assert.Throws<ArgumentException>(() => new StopStrings(["a", ""])).Message
        );
}

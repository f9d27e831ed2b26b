using Espalier.Data.Corpora;

namespace Espalier.Tests.Data.Corpora;

public sealed class TextCorpusTests
{
    [Fact]
    public void Words_are_counted_as_WikiTexts_are_line_ends_included()
    {
        // " \n = Robert = \n \n He is .\n" of WikiText: 3 + 3 words and 4 ends of lines.
        TextCorpus corpus = new("wiki", " \n = Robert = \n \n He is .\n");

        Assert.Equal(10, corpus.Words);
    }
}

using Espalier.Data.Corpora;

namespace Espalier.Tests.Data.Corpora;

public sealed class ChoiceFileTests : IDisposable
{
    readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    IReadOnlyList<Question> Read(string text)
    {
        File.WriteAllText(_path, text);
        return ChoiceFile.Read(_path);
    }

    [Fact]
    public void An_answer_is_an_index_or_the_text_of_a_choice()
    {
        IReadOnlyList<Question> questions = Read(
            """
            {"context": "The sky is", "choices": [" blue", " green"], "answer": 0}

            {"answer": " cold", "choices": [" hot", " warm", " cold"], "context": "Ice is", "id": 7}
            """
        );

        Assert.Equal([0, 2], questions.Select(q => q.Answer));
        Assert.Equal(["The sky is", "Ice is"], questions.Select(q => q.Context));
        Assert.Equal([" hot", " warm", " cold"], questions[1].Choices);
    }

    [Theory]
    [InlineData("[1]", "an object was expected")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"context": "a", "choices": ["b"], "answer": 0}""", "two texts or more")]
    [InlineData("""{"context": "a", "choices": ["b", ""], "answer": 0}""", "two texts or more")]
    [InlineData("""{"context": "a", "choices": ["b", "c"], "answer": 2}""", "'answer' is 2")]
    [InlineData("""{"context": "a", "choices": ["b", "b"], "answer": "b"}""", "exactly one")]
    [InlineData("""{"choices": ["b", "c"], "answer": 1}""", "'context' is missing")]
    [InlineData("""{"context": "a", "choices": ["b", "c"]}""", "'answer' is missing")]
    [InlineData("\n \n", "has no lines")]
    public void A_bad_line_is_refused_with_its_number_and_what_was_expected(
        string text,
        string sentence
    )
    {
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Read(text));

        Assert.Contains(sentence, refused.Message);
        Assert.StartsWith(_path, refused.Message);
    }

    [Fact]
    public void All_bad_lines_are_told_at_once()
    {
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Read("{\n{\n"));

        Assert.Contains($"{_path}:1 ", refused.Message);
        Assert.Contains($"{_path}:2 ", refused.Message);
    }
}

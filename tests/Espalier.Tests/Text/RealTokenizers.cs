using Espalier.Tests.Goldens;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>The four real tokenizers of the goldens, each read once.</summary>
static class RealTokenizers
{
    // Beside the goldens lie the models; beside the copies, only the tokenizer's files.
    public static string MiniLmFolder { get; } =
        new[]
        {
            Golden.Path("..", "models", "all-MiniLM-L6-v2"),
            Golden.Path("tokenizers", "all-MiniLM-L6-v2"),
            Path.Combine(
                Repository.Root,
                "tests",
                "Espalier.Tests",
                "Goldens",
                "tokenizers",
                "all-MiniLM-L6-v2"
            ),
        }.First(folder => File.Exists(Path.Combine(folder, "vocab.txt")));

    public static string Gpt2Folder { get; } = Golden.Path("tokenizers", "bpe-gpt2");

    public static string RobertaFolder { get; } = Golden.Path("tokenizers", "bpe-roberta");

    public static WordPieceTokenizer MiniLm { get; } =
        (WordPieceTokenizer)Tokenizer.Load(MiniLmFolder);

    public static BytePairTokenizer Gpt2 { get; } = (BytePairTokenizer)Tokenizer.Load(Gpt2Folder);

    public static BytePairTokenizer Roberta { get; } =
        (BytePairTokenizer)Tokenizer.Load(RobertaFolder);

    public static string SmolLm2Folder { get; } = Golden.Path("tokenizers", "smollm2");

    public static BytePairTokenizer SmolLm2 { get; } =
        (BytePairTokenizer)Tokenizer.Load(SmolLm2Folder);
}

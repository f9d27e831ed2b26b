using System.CommandLine;
using Espalier.Cli.Parsing;

namespace Espalier.Cli.Input;

/// <summary>The texts that predict and tokenize read: a file, or standard input.</summary>
static class InputPlace
{
    const string StandardInput = "-";

    public static Argument<string> Argument() =>
        new("file")
        {
            Description =
                "Lines of text, or JSON lines with text and text_pair; - is standard input.",
            DefaultValueFactory = _ => StandardInput,
        };

    public static void Check(string? file, Problems problems)
    {
        // A pipe or a device is a file here; a folder is not.
        if (file is not null and not StandardInput && !Path.Exists(file) || Directory.Exists(file))
        {
            problems.NeedFile("The input", file!);
        }
    }

    /// <summary>Reads to the end, giving texts as they come.</summary>
    public static void Read(
        string file,
        Terminal terminal,
        Action<TextInput> use,
        CancellationToken stop
    )
    {
        using Stream stream = file == StandardInput ? terminal.In : Open(file, stop);
        string name = file == StandardInput ? "Standard input" : file;
        use(new TextInput(new ByteLines(stream, name, stop)));
    }

    /// <summary>A named pipe opens when someone begins to write; waiting for that can be called off, opening cannot.</summary>
    static FileStream Open(string file, CancellationToken stop) =>
        Task.Run(() => File.OpenRead(file)).WaitAsync(stop).GetAwaiter().GetResult();
}

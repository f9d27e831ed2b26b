using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Data;

namespace Espalier.Cli.Input;

/// <summary>The texts that predict and tokenize read: a file, or standard input.</summary>
sealed class InputPlace
{
    const string StandardInput = "-";

    readonly Argument<string> _file = new("file")
    {
        Description =
            "Lines of text, JSON lines or a JSON array with text and text_pair, or a table; - is standard input.",
        DefaultValueFactory = _ => StandardInput,
    };
    readonly Option<string?> _text = OptionValues.Text(
        "--text",
        "column",
        "Column of the texts in a .csv or .tsv, or their field in JSON (text)."
    );
    readonly Option<string?> _pair = OptionValues.Text(
        "--text-pair",
        "column",
        "Column or field of the second texts, for pairs."
    );

    public Argument<string> File => _file;

    public IReadOnlyList<Option> Options => [_text, _pair];

    public void Check(ParseResult parse, Problems problems)
    {
        string? file = parse.ValueOf(_file);
        if (parse.ValueOf(_pair) is { } pair && parse.ValueOf(_text) is var text)
        {
            if (text is null)
            {
                problems.Usage("--text-pair needs --text, the column or field of the first texts.");
            }
            else if (text == pair)
            {
                problems.Usage($"--text and --text-pair are both '{text}'; name different ones.");
            }
        }

        // A pipe or a device is a file here; a folder is not.
        if (file is not null and not StandardInput && !Path.Exists(file) || Directory.Exists(file))
        {
            problems.NeedFile("The input", file!);
        }
        else if (
            file is not null
            && TextFile.IsTable(file)
            && System.IO.File.Exists(file)
            && parse.ValueOf(_text) is null
        )
        {
            problems.Try(() => AskForColumn(file, problems));
        }
    }

    static void AskForColumn(string file, Problems problems)
    {
        try
        {
            problems.Usage(
                $"{file} is a table; name the column of the texts with --text. Its columns are {TextFile.ColumnsOf(file)}."
            );
        }
        catch (InvalidDataException e)
        {
            problems.Refuse(e.Message);
        }
    }

    /// <summary>Reads to the end, giving texts as they come.</summary>
    public void Read(
        ParseResult parse,
        Terminal terminal,
        Action<TextSource> use,
        CancellationToken stop
    )
    {
        string file = parse.GetValue(_file)!;
        string? text = parse.ValueOf(_text),
            pair = parse.ValueOf(_pair);
        TextFields fields = TextFields.Of(text, pair);
        if (file != StandardInput && TextFile.IsTable(file))
        {
            use(
                new ListedTexts(
                    TextFile
                        .Read(file, text!, pair)
                        .Select(row => new InputText(row.Text, row.Pair, row.Line))
                )
            );
            return;
        }

        string extension = Path.GetExtension(file).ToLowerInvariant();
        if (extension == ".json" && JsonArray.Of(file) is { } array)
        {
            use(new ListedTexts(JsonArray.Texts(array, file, fields)));
            return;
        }

        using Stream stream = file == StandardInput ? terminal.In : Open(file, stop);
        string name = file == StandardInput ? "Standard input" : file;
        bool? isJson = extension is ".jsonl" or ".ndjson" ? true : null;
        use(new TextInput(new ByteLines(stream, name, stop), fields, isJson));
    }

    /// <summary>A named pipe opens when someone begins to write; waiting for that can be called off, opening cannot.</summary>
    static FileStream Open(string file, CancellationToken stop) =>
        Task.Run(() => System.IO.File.OpenRead(file)).WaitAsync(stop).GetAwaiter().GetResult();
}

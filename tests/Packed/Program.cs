using Espalier.Answering;
using Espalier.Models;

using Classifier reviews = Classifier.Load(args[0]);
foreach (string text in (string[])["What a lovely day.", "Never again."])
{
    Prediction one = reviews.Predict(text);
    Console.WriteLine($"{text} {one.Label} {one.Probability:0.00}");
}

if (args.Length > 1)
{
    using LanguageModel writer = LanguageModel.Load(args[1]);
    WrittenText written = writer.Generate("The trellis is", new SamplingOptions { MaxTokens = 24 });
    Console.WriteLine($"The trellis is{written.Text}");
}

using System.Text.Json;
using Espalier.Answering;

namespace Espalier.Cli.Reports;

static class PredictionJson
{
    public static void Write(Utf8JsonWriter json, Prediction answer)
    {
        if (answer.Score is { } score)
        {
            json.WriteNumber("score", score);
        }
        else
        {
            json.WriteString("label", answer.Label);
            json.Numbers("probabilities", answer.Probabilities.AsSpan());
        }

        json.Numbers("logits", answer.Logits.AsSpan());
        json.WriteNumber("exit", answer.Exit);
    }
}

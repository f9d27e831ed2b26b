namespace Espalier.Training;

/// <summary>The loss or the gradient stopped being a number; the parameters are those before the step.</summary>
public sealed class DivergedException(string message) : Exception(message);

namespace Espalier.Text.Chat;

/// <summary>What one side of a conversation said.</summary>
/// <param name="Role">As the model's template knows it: mostly system, user or assistant.</param>
public sealed record ChatMessage(string Role, string Content);

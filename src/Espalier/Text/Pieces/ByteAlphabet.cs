namespace Espalier.Text.Pieces;

/// <summary>
/// The printable character by which byte-level BPE writes each byte: itself where it is printable
/// Latin-1, else U+0100 and following, in order.
/// </summary>
static class ByteAlphabet
{
    static readonly char[] Characters = NewCharacters();
    static readonly short[] Bytes = NewBytes();

    public const char Space = 'Ġ';

    public static char Of(byte value) => Characters[value];

    /// <summary>How many UTF-8 bytes the character of a byte takes, which is what offsets count.</summary>
    public static int Width(byte value) => Characters[value] < 0x80 ? 1 : 2;

    public static bool TryByte(char character, out byte value)
    {
        int found = character < Bytes.Length ? Bytes[character] : -1;
        value = (byte)found;
        return found >= 0;
    }

    static char[] NewCharacters()
    {
        char[] characters = new char[256];
        char next = 'Ā';
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters[value] = printable ? (char)value : next++;
        }

        return characters;
    }

    static short[] NewBytes()
    {
        short[] bytes = new short[Characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }

        return bytes;
    }
}

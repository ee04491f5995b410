package org.hatask.cluster;

/**
 * Text that comes from outside, such as a name or a reason, made fit for a line of the log, a record and a page: nothing in it
 * begins a new line, moves the cursor or turns the direction of writing, and it is not longer than allowed.
 */
public final class OneLine {

    private OneLine() {}

    /** The text, with a space for each character that is no text, and with an ellipsis where it is too long. */
    public static String of(String text, int longest) {
        boolean isLong = text.length() > longest;
        StringBuilder clean = new StringBuilder(Math.min(text.length(), longest));
        for (int i = 0; i < (isLong ? longest - 1 : text.length()); i++) {
            char c = text.charAt(i);
            clean.append(isText(c) ? c : ' ');
        }
        return isLong ? clean.append('…').toString() : clean.toString();
    }

    private static boolean isText(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}

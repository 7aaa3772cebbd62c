package io.tapestream.jobs.spec;

import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.lang.reflect.InvocationTargetException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Consistency modes as a file names them: {@code bounded(4)} is {@code new Bounded(4)}. A mode is a
 * class in the package of {@link Consistency}, so there is no list of them.
 */
final class Modes {

  private static final Pattern MODE = Pattern.compile("([A-Za-z]+)(?:\\((-?\\d{1,9})\\))?");

  private Modes() {}

  static Kind<Consistency> kind() {
    return new Kind<>(
        "a consistency mode",
        "Write synchronous, bounded(4) or asynchronous",
        new Synchronous(),
        yaml -> read(yaml.line(), Kind.readText(yaml)));
  }

  private static Consistency read(int line, String text) throws Kind.Refused {
    Matcher mode = MODE.matcher(text);
    if (!mode.matches()) {
      throw new Kind.Refused(line, "\"" + text + "\" is not a consistency mode");
    }
    String name = mode.group(1);
    String setting = mode.group(2);
    try {
      Class<? extends Consistency> type = find(name).asSubclass(Consistency.class);
      return setting == null
          ? type.getConstructor().newInstance()
          : type.getConstructor(int.class).newInstance(Integer.valueOf(setting));
    } catch (NoSuchMethodException e) {
      throw new Kind.Refused(
          line, name + (setting == null ? " needs its number" : " takes no number"));
    } catch (InvocationTargetException e) {
      throw new Kind.Refused(line, String.valueOf(e.getTargetException().getMessage()));
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw new Kind.Refused(line, "there is no \"" + text + "\"");
    }
  }

  private static Class<?> find(String name) throws ClassNotFoundException {
    String type =
        name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1).toLowerCase(Locale.ROOT);
    return Class.forName(Consistency.class.getPackageName() + "." + type);
  }
}

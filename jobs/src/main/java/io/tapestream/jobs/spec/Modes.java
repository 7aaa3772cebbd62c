package io.tapestream.jobs.spec;

import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.parameterserver.compression.None;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.lang.reflect.InvocationTargetException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Policies as a file names them: {@code bounded(4)} is {@code new Bounded(4)}. A policy is a class
 * in the package of its family, such as {@link Consistency}, so there is no list of them.
 *
 * @param <T> the family
 */
final class Modes<T> {

  private static final Pattern MODE = Pattern.compile("([A-Za-z]+\\d*)(?:\\((-?[\\d.]{1,12})\\))?");

  private final Class<T> family;
  private final String what;

  private Modes(Class<T> family, String what) {
    this.family = family;
    this.what = what;
  }

  /** A consistency mode. */
  static Kind<Consistency> consistency() {
    return new Modes<>(Consistency.class, "consistency mode")
        .kind("Write synchronous, bounded(4) or asynchronous", new Synchronous());
  }

  /** How gradients travel. */
  static Kind<Compression> compression() {
    return new Modes<>(Compression.class, "compression")
        .kind("Write none, float16 or topk(0.01)", new None());
  }

  private Kind<T> kind(String fix, T placeholder) {
    return new Kind<>(
        "a " + what, fix, placeholder, yaml -> read(yaml.line(), Kind.readText(yaml)));
  }

  private T read(int line, String text) throws Kind.Refused {
    Matcher mode = MODE.matcher(text);
    if (!mode.matches()) {
      throw new Kind.Refused(line, "\"" + text + "\" is not a " + what);
    }
    String name = mode.group(1);
    String setting = mode.group(2);
    try {
      Class<? extends T> type = find(name).asSubclass(family);
      return setting == null ? type.getConstructor().newInstance() : make(type, setting);
    } catch (NoSuchMethodException e) {
      throw new Kind.Refused(
          line, name + (setting == null ? " needs its number" : " takes no number"));
    } catch (InvocationTargetException e) {
      throw new Kind.Refused(line, String.valueOf(e.getTargetException().getMessage()));
    } catch (NumberFormatException e) {
      throw new Kind.Refused(line, "\"" + setting + "\" is not the number that " + name + " takes");
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw new Kind.Refused(line, "there is no \"" + text + "\"");
    }
  }

  /** With the one number that the policy takes, whole or not. */
  private static <S> S make(Class<S> type, String setting) throws ReflectiveOperationException {
    try {
      return type.getConstructor(double.class).newInstance(Double.valueOf(setting));
    } catch (NoSuchMethodException whole) {
      return type.getConstructor(int.class).newInstance(Integer.valueOf(setting));
    }
  }

  private Class<?> find(String name) throws ClassNotFoundException {
    String type =
        name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1).toLowerCase(Locale.ROOT);
    return Class.forName(family.getPackageName() + "." + type);
  }
}

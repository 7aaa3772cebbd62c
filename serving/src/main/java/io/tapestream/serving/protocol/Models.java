package io.tapestream.serving.protocol;

import io.tapestream.serving.follow.Choice;
import io.tapestream.serving.follow.Lease;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.NotLoadedException;
import io.tapestream.serving.follow.NotServingException;
import io.tapestream.serving.follow.OverloadedException;
import io.tapestream.serving.follow.Predictions;
import java.util.Collection;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The models that a server answers for, and the one way in which protocols ask them. */
public final class Models {
  private final NavigableMap<String, ModelFollower> followers = new TreeMap<>();
  private final int maxRows;

  /**
   * Models by their names.
   *
   * @param maxRows most examples of a request
   * @throws IllegalArgumentException if two followers follow models of the same name
   */
  public Models(Collection<ModelFollower> followers, int maxRows) {
    for (ModelFollower follower : followers) {
      if (this.followers.put(follower.model(), follower) != null) {
        throw new IllegalArgumentException(
            "two followers follow a model called \"" + follower.model() + "\"");
      }
    }
    this.maxRows = maxRows;
  }

  /** All of them. */
  public Collection<ModelFollower> all() {
    return Collections.unmodifiableCollection(followers.values());
  }

  /**
   * The model that a request asks for.
   *
   * @throws RequestException with status 404 if there is none of this name
   */
  public ModelFollower find(Exchange exchange, String name) {
    ModelFollower follower = followers.get(name);
    if (follower == null) {
      throw new RequestException(
          404, "no model is called \"" + name + "\"; served are " + followers.keySet());
    }
    exchange.isFor(name);
    return follower;
  }

  /**
   * The version that a request asks for; the caller closes the lease.
   *
   * @throws RequestException with status 404 if there is no such model, or the version isn't
   *     loaded, and 503 if no version of it is
   */
  public Lease lease(Exchange exchange, String name, Choice choice) {
    try {
      Lease lease = find(exchange, name).lease(choice);
      exchange.isAnsweredBy(lease.manifest());
      return lease;
    } catch (NotServingException e) {
      throw new RequestException(503, e);
    } catch (NotLoadedException e) {
      throw new RequestException(404, e);
    }
  }

  /**
   * Answers a request's examples.
   *
   * @throws RequestException with status 400 if the model refuses them, 413 if there are too many,
   *     and 503 if their turn did not come in time
   */
  public Predictions predict(Exchange exchange, Lease lease, Examples examples)
      throws InterruptedException {
    if (examples.rows() > maxRows) {
      throw new RequestException(
          413,
          examples.rows() + " examples in a request, the server takes " + maxRows + ": send fewer");
    }
    try {
      Predictions predictions = lease.predict(examples.values(), examples.rows());
      exchange.hasRows(examples.rows());
      return predictions;
    } catch (IllegalArgumentException e) {
      throw new RequestException(400, "the model can't take this: " + e.getMessage());
    } catch (OverloadedException e) {
      throw new RequestException(503, e);
    }
  }
}

defmodule Harbour.Ferry do
  @moduledoc """
  A ferry that crosses the river.

  It waits for no one.
  """

  use GenServer
  import Enum, only: [sum: 1]
  alias Harbour.{Pier, Captain}
  alias Harbour.Tickets.Single, as: Ticket
  require Logger

  @most_cars 40
  @type load :: {integer(), [car()]}
  @typep car :: String.t()

  defstruct [:name, cars: [], captain: nil]

  defmodule Full do
    defexception message: "no room left"
  end

  @callback board(load()) :: :ok

  @doc """
  Takes one more car on board.
  """
  @spec load(t(), car()) :: t()
  def load(%__MODULE__{cars: cars} = ferry, car) when length(cars) < @most_cars do
    Logger.info("loading")
    %{ferry | cars: [car | cars]}
  end

  def load(_ferry, _car), do: raise(Full)

  @doc false
  def start_link(opts \\ []) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @impl true
  def init(opts), do: {:ok, opts}

  # Nobody else weighs cars.
  defp weight(cars) do
    cars |> Enum.map(&Ticket.weight/1) |> sum()
  end

  @doc "Does it twice."
  defmacro twice(do: block) do
    quote do
      unquote(block)
      unquote(block)
    end
  end

  defguard is_heavy(car) when byte_size(car) > 10
  defdelegate moor(ferry), to: Pier

  def a <~> b, do: {a, b}
end

defprotocol Harbour.Floats do
  @doc "Whether it floats."
  def floats?(thing)
end

defimpl Harbour.Floats, for: Harbour.Ferry do
  def floats?(_ferry), do: true
end

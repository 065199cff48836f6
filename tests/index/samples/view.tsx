import React, { useState } from "react";

type Props = { title: string; onDone?: (value: Value) => void };

/** A page. */
export const Page: React.FC<Props> = ({ title, onDone }) => {
  const [count, setCount] = useState<number>(0);
  const onClick = () => setCount(count + 1);
  return (
    <Layout>
      <h1>{title}</h1>
      <Button.Big onClick={onClick} />
    </Layout>
  );
};

export default function App(): JSX.Element {
  return <Page title="x" />;
}
